/// Names a request within one engine.
public struct RequestID: Hashable, Sendable, CustomStringConvertible {
  /// The number behind the name.
  public let rawValue: UInt64

  /// The id with that number.
  public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// The number in decimal.
  public var description: String { String(rawValue) }
}

/// What the scheduler must know of a request: its tokens and how many more it may get.
public struct GenerationRequest: Sendable {
  /// Its name; unique among live requests.
  public let id: RequestID
  /// The prompt's token ids; never empty.
  public let prompt: [Int32]
  /// The most tokens to generate; nil for as many as the model length allows, which limits it anyway.
  public let maxNewTokens: Int?
  /// A lower number goes first, under ``SchedulingPolicy/priority`` only.
  public let priority: Int
  /// Within which other requests' blocks may be shared.
  public let prefixScope: PrefixScope
  /// Whether every token of the prompt must be computed, because the log probabilities of all are wanted.
  public let scoresPrompt: Bool

  /// A request to continue `prompt`.
  public init(
    id: RequestID, prompt: [Int32], maxNewTokens: Int? = nil, priority: Int = 0,
    prefixScope: PrefixScope = PrefixScope(), scoresPrompt: Bool = false
  ) {
    self.id = id
    self.prompt = prompt
    self.maxNewTokens = maxNewTokens
    self.priority = priority
    self.prefixScope = prefixScope
    self.scoresPrompt = scoresPrompt
  }
}
