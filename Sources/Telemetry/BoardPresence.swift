/// What an ingress replica says of itself on the load board: that it lives, and how many clients it has.
public struct BoardPresence: Equatable, Sendable {
  /// When it said so, in seconds of the machine's monotonic clock.
  public var beat: Double
  /// Whether it takes new connections.
  public var isAccepting: Bool
  /// Connections of clients that it has.
  public var connections: Int

  /// A presence.
  public init(beat: Double, isAccepting: Bool, connections: Int) {
    self.beat = beat
    self.isAccepting = isAccepting
    self.connections = connections
  }

  private static let ticksPerSecond = 4.0
  /// A replica beats once a second; one that missed so many seconds stands still.
  private static let patience = 3.0

  /// Whether the replica was alive lately, at `now` in seconds of the monotonic clock.
  public func isFresh(at now: Double) -> Bool { now - beat < Self.patience }

  /// Nil for an empty word; the lowest bit of every other one is set.
  init?(word: UInt64) {
    guard word & 1 == 1 else { return nil }
    beat = Double(word >> 32) / Self.ticksPerSecond
    isAccepting = word & 2 != 0
    connections = Int((word & 0xFFFF_FFFF) >> 2)
  }

  var word: UInt64 {
    let ticks = UInt64(UInt32(clamping: Int(beat * Self.ticksPerSecond)))
    let count = UInt64(min(connections, Int(UInt32.max >> 2)))
    return ticks << 32 | count << 2 | (isAccepting ? 2 : 0) | 1
  }
}
