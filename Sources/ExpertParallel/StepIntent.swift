/// What a rank tells the others before a step.
public struct StepIntent: Sendable, Hashable {
  /// Tokens it will compute in this step.
  public var tokens: Int
  /// Whether it has any request that is not finished.
  public var unfinished: Bool
  /// Whether it wants to end; the group ends when all do.
  public var leaving: Bool
  /// Whether it would compute them as two half-batches that overlap; needs at least two tokens.
  public var wantsOverlap: Bool

  /// An intent; the default is that of an idle rank.
  public init(tokens: Int = 0, unfinished: Bool = false, leaving: Bool = false, wantsOverlap: Bool = false) {
    self.tokens = tokens
    self.unfinished = unfinished
    self.leaving = leaving
    self.wantsOverlap = wantsOverlap && tokens > 1
  }
}

/// What all ranks conclude from the same intents, each by itself.
public struct StepDecision: Sendable, Hashable {
  /// What a step is for.
  public enum Kind: Sendable, Hashable {
    /// At least one rank is not finished: all run the step, idle ones with no tokens.
    case run
    /// No rank has work: all sleep until one is given some.
    case pause
    /// No rank has work and all want to end.
    case leave
  }

  /// What to do.
  public let kind: Kind
  /// Exchanges in each layer: the greatest rank's tokens over the chunk size, rounded up; with ``overlaps``, of the
  /// greatest half, for each half.
  public let chunks: Int
  /// Whether the step runs as two half-batches: only when every rank wants that.
  public let overlaps: Bool
  /// Tokens of the whole group in this step.
  public let totalTokens: Int

  /// The decision that follows from the intents of all ranks.
  public init(_ intents: [StepIntent], chunk: Int) {
    let greatest = intents.reduce(0) { max($0, $1.tokens) }
    overlaps = !intents.isEmpty && intents.allSatisfy(\.wantsOverlap)
    let most = overlaps ? (greatest + 1) / 2 : greatest
    chunks = (most + chunk - 1) / chunk
    totalTokens = intents.reduce(0) { $0 + $1.tokens }
    if intents.contains(where: { $0.unfinished || $0.tokens > 0 }) {
      kind = .run
    } else {
      kind = intents.allSatisfy(\.leaving) ? .leave : .pause
    }
  }
}
