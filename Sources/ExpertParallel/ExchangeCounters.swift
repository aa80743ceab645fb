/// What one rank's exchanges moved and computed: the proof that expert parallelism happens.
public struct ExchangeCounters: Sendable, Hashable {
  /// Experts of a layer, to index the tables below.
  public let experts: Int
  /// Pairs of (own token, expert) by `layer * experts + expert`, wherever they were computed.
  public internal(set) var routed: [UInt64]
  /// Pairs of (any token, own expert) that this rank computed, same index.
  public internal(set) var computed: [UInt64]
  /// Steps, and those in which this rank had no token of its own while others had.
  public internal(set) var steps: UInt64 = 0
  /// Steps in which this rank had no token of its own while others had.
  public internal(set) var dummySteps: UInt64 = 0
  /// Views that this rank entered after its first.
  public internal(set) var views: UInt64 = 0
  /// Exchanges: one per layer and chunk.
  public internal(set) var exchanges: UInt64 = 0
  /// Bytes of own tokens' rows for experts on other ranks.
  public internal(set) var bytesDispatched: UInt64 = 0
  /// Bytes of rows that this rank pulled from others for its experts.
  public internal(set) var bytesPulled: UInt64 = 0
  /// Bytes of expert outputs that this rank got back from others.
  public internal(set) var bytesCombined: UInt64 = 0
  /// The part of ``bytesDispatched`` that went to other virtual nodes; in all, a copy to each node once where the
  /// backend sends one.
  public internal(set) var bytesDispatchedBetweenNodes: UInt64 = 0
  /// The parts of ``bytesPulled`` and ``bytesCombined`` that came from other virtual nodes.
  public internal(set) var bytesPulledBetweenNodes: UInt64 = 0
  /// See ``bytesPulledBetweenNodes``.
  public internal(set) var bytesCombinedBetweenNodes: UInt64 = 0
  /// Steps as two half-batches, and those that were not because this rank, or only another, had too few tokens.
  public internal(set) var overlappedSteps: UInt64 = 0
  /// Steps in which this rank's own tokens were too few for two half-batches.
  public internal(set) var stepsBelowThreshold: UInt64 = 0
  /// Steps that this rank would have run as two half-batches and another would not.
  public internal(set) var stepsVetoed: UInt64 = 0
  /// The part of ``waitNanoseconds`` spent while rows were on a modelled link.
  public internal(set) var linkNanoseconds: UInt64 = 0
  /// Time spent waiting for other ranks within steps, in nanoseconds.
  public internal(set) var waitNanoseconds: UInt64 = 0
  /// Time spent in this rank's experts, in nanoseconds.
  public internal(set) var computeNanoseconds: UInt64 = 0
  /// Time slept while the group paused, in nanoseconds.
  public internal(set) var pauseNanoseconds: UInt64 = 0

  init(_ shape: ExchangeShape) {
    experts = shape.experts
    routed = Array(repeating: 0, count: shape.layers * shape.experts)
    computed = routed
  }

  /// All pairs of (own token, layer, expert).
  public var rowsRouted: UInt64 { routed.reduce(0, +) }

  /// All pairs that this rank computed.
  public var rowsComputed: UInt64 { computed.reduce(0, +) }
}
