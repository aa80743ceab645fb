/// Names one exchange of one life of the group; written beside the data so that nobody takes other data for it.
public struct ExchangeStamp: Sendable, Hashable, CustomStringConvertible {
  /// The life of the group.
  public var epoch: UInt64
  /// The step in that life.
  public var step: UInt64
  /// The layer with experts, from 0.
  public var layer: UInt32
  /// The chunk of the layer's tokens, from 0.
  public var chunk: UInt32
  /// The half of the batch when two overlap; otherwise 0.
  public var ubatch: UInt32 = 0
  /// The view of the group's members, counted from 1 in each epoch.
  public var view: UInt32 = 1

  /// Its parts in words.
  public var description: String {
    "epoch \(epoch), view \(view), step \(step), layer \(layer), chunk \(chunk)"
  }
}

/// A number that only grows within a view and jumps with it: the flag that says how far a rank is.
struct Ticket {
  let value: UInt64

  init(view: UInt64, ordinal: UInt64) {
    value = view << 40 | (ordinal & 0xFF_FFFF_FFFF)
  }
}

/// What a rank waits for; every error says it.
public enum WaitPhase: Sendable, Hashable, CustomStringConvertible {
  /// The segment's header, which rank 0 writes.
  case segment
  /// All ranks to join.
  case join
  /// The ranks' intents for a step.
  case intents(step: UInt64)
  /// The tokens that the ranks dispatch.
  case dispatch(ExchangeStamp)
  /// The rows that the owners return.
  case combine(ExchangeStamp)
  /// The members to let this rank in.
  case admission
  /// All members of a view to enter it.
  case view(UInt64)
  /// Work, after all ranks had none.
  case pause(wave: UInt64)

  /// The phase in words.
  public var description: String {
    switch self {
    case .segment: "the segment's header"
    case .join: "all ranks to join"
    case .intents(let step): "intents of step \(step)"
    case .dispatch(let stamp): "dispatch (\(stamp))"
    case .combine(let stamp): "combine (\(stamp))"
    case .admission: "the members to let it in"
    case .view(let view): "all members of view \(view)"
    case .pause(let wave): "work after wave \(wave)"
    }
  }
}
