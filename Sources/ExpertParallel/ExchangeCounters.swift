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
