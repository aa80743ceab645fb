/// The place of one `vllm serve` in its data-parallel group.
public struct ServerPlace: Sendable, Equatable {
  /// Which of the group's servers, from 0.
  public let number: Int
  /// Servers of the group.
  public let servers: Int
  /// Engines behind each of them.
  public let engines: Int

  /// Describes a place.
  public init(_ number: Int, of servers: Int, engines: Int = 1) {
    self.number = number
    self.servers = servers
    self.engines = engines
  }

  /// Engines of the whole group (`data_parallel_size`).
  var groupSize: Int { servers * engines }
}
