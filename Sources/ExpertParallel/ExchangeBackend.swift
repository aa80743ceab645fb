/// How tokens travel to their experts, under vLLM's names; the result is the same to the bit.
///
/// All return one row for each pair of token and expert, for the source adds them up in ascending expert id: partial
/// sums of an owner would make a token's bits depend on who owns which expert.
public enum ExchangeBackend: String, CaseIterable, Sendable {
  /// Every rank copies all tokens of all ranks, wanted or not.
  case allGather = "allgather_reducescatter"
  /// The same under its older name.
  case naive
  /// A rank copies each token that is routed to it once, however many of its experts want it; between nodes a token
  /// travels once to each node and is handed on there.
  case highThroughput = "deepep_high_throughput"
  /// A token travels once for each expert, into fixed slots.
  case lowLatency = "deepep_low_latency"
}

/// How rows travel in a group; all ranks must have been told the same.
public struct Transport: Sendable, Hashable {
  /// The backend; nil reads each expert's rows out of the sources' memory, one expert at a time.
  public var backend: ExchangeBackend?
  /// Where the ranks stand and what lies between; nil is memory.
  public var links: LinkModel?

  /// A transport.
  public init(backend: ExchangeBackend? = nil, links: LinkModel? = nil) {
    self.backend = backend
    self.links = links
  }

  /// A number that differs when the terms do.
  var digest: UInt64 {
    "\(backend?.rawValue ?? "") \(links?.terms ?? "")".utf8.reduce(0xcbf2_9ce4_8422_2325) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
  }
}
