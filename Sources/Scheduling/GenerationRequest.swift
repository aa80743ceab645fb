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
  /// Keeps cached prefixes apart, as for another adapter or tenant: blocks are shared only within one salt.
  public let cacheSalt: UInt64

  /// A request to continue `prompt`.
  public init(id: RequestID, prompt: [Int32], maxNewTokens: Int? = nil, cacheSalt: UInt64 = 0) {
    self.id = id
    self.prompt = prompt
    self.maxNewTokens = maxNewTokens
    self.cacheSalt = cacheSalt
  }
}
