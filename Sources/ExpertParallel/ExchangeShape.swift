/// The sizes that every rank of a group must agree on.
public struct ExchangeShape: Sendable, Hashable, CustomStringConvertible {
  /// The most ranks that may be in the group at a time.
  public let world: Int
  /// Ranks that form it, the first ones; others may join later.
  public let founders: Int
  /// Elements of an activation row.
  public let hidden: Int
  /// Experts that a token is sent to.
  public let topK: Int
  /// Routed experts of a layer.
  public let experts: Int
  /// Layers with experts.
  public let layers: Int
  /// The most tokens that a rank dispatches at once (`VLLM_MOE_DP_CHUNK_SIZE`).
  public let chunk: Int
  /// Half-batches that may be under way at once: 2 with dual batch overlap, else 1.
  public let halves: Int

  /// The most ranks a group may have: a set of ranks fits into one 64-bit word.
  public static let maxWorld = 64

  /// Sizes of a group; throws for sizes that no exchange can have.
  public init(
    world: Int, founders: Int? = nil, hidden: Int, topK: Int, experts: Int, layers: Int, chunk: Int = 256,
    halves: Int = 1
  ) throws(ExpertParallelError) {
    for (name, value, range) in [
      ("data_parallel_size", world, 1...Self.maxWorld),
      ("ranks that form the group", founders ?? world, 1...max(1, world)),
      ("hidden size", hidden, 1...65_536),
      ("experts per token", topK, 1...64), ("experts", experts, 1...4096),
      ("layers with experts", layers, 1...4096), ("moe_dp_chunk_size", chunk, 1...65_536),
      ("half-batches", halves, 1...2),
    ] where !range.contains(value) {
      throw .invalidShape("\(name) is \(value), but must be \(range.lowerBound) to \(range.upperBound)")
    }
    guard topK <= experts else {
      throw .invalidShape("a token cannot go to \(topK) of \(experts) experts")
    }
    self.world = world
    self.founders = founders ?? world
    self.hidden = hidden
    self.topK = topK
    self.experts = experts
    self.layers = layers
    self.chunk = chunk
    self.halves = halves
  }

  /// The most experts of a layer that one rank owns at first.
  public var ownedCapacity: Int { (experts + founders - 1) / founders }

  /// The most rows that one rank computes for one chunk: every token of the group may choose only its experts, of
  /// which it has all when it is the last that lives.
  public var computedCapacity: Int { world * chunk * topK }

  /// Bytes of the segment.
  ///
  /// Most of it is room for the worst routing, and pages that are never touched cost nothing.
  public var segmentBytes: Int { SegmentLayout(self).segmentBytes }

  /// Bytes of the copies that an owner makes with `backend` before it computes.
  public func copiedBytes(_ backend: ExchangeBackend?, redundantExperts: Int = 0) -> Int {
    let rows = world * chunk * hidden * 4
    switch backend {
    case nil: return 0
    case .naive, .allGather, .highThroughput: return rows
    case .lowLatency: return rows * ((experts + redundantExperts + founders - 1) / founders)
    }
  }

  /// The sizes in one line.
  public var description: String {
    "world \(founders)\(founders < world ? " of at most \(world)" : ""), hidden \(hidden), top \(topK) of \(experts) experts, \(layers) layers, chunk \(chunk)"
      + (halves > 1 ? ", \(halves) half-batches" : "")
  }
}
