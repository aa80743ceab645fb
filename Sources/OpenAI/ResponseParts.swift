/// What all parts of one answer share.
public struct ResponseIdentity: Sendable, Equatable {
  /// The answer's id, such as `cmpl-91c08c790eb3051a`.
  public var id: String
  /// When it began, in seconds since 1970.
  public var created: Int
  /// The model's served name.
  public var model: String
  /// Names the build and configuration that answered.
  public var systemFingerprint: String

  /// An identity.
  public init(id: String, created: Int, model: String, systemFingerprint: String) {
    self.id = id
    self.created = created
    self.model = model
    self.systemFingerprint = systemFingerprint
  }
}

/// How many tokens a request cost.
public struct TokenUsage: Sendable, Equatable {
  /// Tokens of the prompt.
  public var promptTokens: Int
  /// Tokens generated.
  public var completionTokens: Int

  /// A usage.
  public init(promptTokens: Int, completionTokens: Int) {
    self.promptTokens = promptTokens
    self.completionTokens = completionTokens
  }
}

/// Why a choice ended.
public enum FinishReason: String, Sendable {
  /// A stop string, a stop token or the end of the text.
  case stop
  /// The token limit or the context's end.
  case length
  /// The request was aborted.
  case abort
}

/// What stopped a choice, where it was something the caller named.
public enum StopReason: Sendable, Equatable {
  /// A stop string.
  case text(String)
  /// A stop token.
  case token(Int)
}

/// How a choice ended.
public struct Finish: Sendable, Equatable {
  /// Why.
  public var reason: FinishReason
  /// What stopped it; nil for the end of the text itself.
  public var stop: StopReason?

  /// An end.
  public init(_ reason: FinishReason, stop: StopReason? = nil) {
    self.reason = reason
    self.stop = stop
  }
}

extension JSONWriter {
  mutating func identity(_ identity: ResponseIdentity, object: StaticString) {
    raw("{\"id\":")
    string(identity.id)
    raw(",\"object\":\"")
    raw(object)
    raw("\",\"created\":")
    integer(identity.created)
    raw(",\"model\":")
    string(identity.model)
  }

  mutating func finishReason(_ finish: Finish?) {
    raw(",\"finish_reason\":")
    optional(finish?.reason.rawValue)
  }

  mutating func stopReason(_ finish: Finish?) {
    raw(",\"stop_reason\":")
    switch finish?.stop {
    case .text(let text): string(text)
    case .token(let id): integer(id)
    case nil: raw("null")
    }
  }

  /// The numbers of a usage, without the closing brace.
  mutating func usage(_ usage: TokenUsage) {
    raw(",\"usage\":{\"prompt_tokens\":")
    integer(usage.promptTokens)
    raw(",\"total_tokens\":")
    integer(usage.promptTokens + usage.completionTokens)
    raw(",\"completion_tokens\":")
    integer(usage.completionTokens)
  }

  mutating func tokenIDs(_ ids: [Int]?) {
    raw(",\"token_ids\":")
    optionalIDs(ids)
  }

  mutating func optionalIDs(_ ids: [Int]?) {
    if let ids { array(ids) { $0.integer($1) } } else { raw("null") }
  }

  /// What stands between the choices and the usage of a whole answer.
  mutating func fingerprintOfWhole(_ identity: ResponseIdentity) {
    raw(",\"service_tier\":null,\"system_fingerprint\":")
    string(identity.systemFingerprint)
  }
}
