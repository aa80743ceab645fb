/// Writes answers of `/v1/completions` in vLLM's shape.
public struct CompletionWriter: Sendable {
  /// One choice of a whole answer.
  public struct Choice: Sendable {
    /// Its number.
    public var index: Int
    /// Its text.
    public var text: String
    /// How it ended.
    public var finish: Finish
    /// Its tokens' log probabilities, if asked for.
    public var logprobs: [TokenLogprob]?
    /// Its token ids, if asked for.
    public var tokenIDs: [Int]?
    /// The prompt's token ids, if asked for.
    public var promptTokenIDs: [Int]?
    /// The log probabilities of the prompt's tokens, if asked for; nil for the first.
    public var promptLogprobs: [PromptTokenLogprobs?]?

    /// A choice.
    public init(
      index: Int, text: String, finish: Finish, logprobs: [TokenLogprob]? = nil, tokenIDs: [Int]? = nil,
      promptTokenIDs: [Int]? = nil
    ) {
      self.index = index
      self.text = text
      self.finish = finish
      self.logprobs = logprobs
      self.tokenIDs = tokenIDs
      self.promptTokenIDs = promptTokenIDs
    }
  }

  /// One piece of a streamed choice.
  public struct Piece: Sendable {
    /// The choice's number.
    public var index: Int
    /// The text that is new; may be empty.
    public var text: String
    /// How the choice ended, in its last piece.
    public var finish: Finish?
    /// The new tokens' log probabilities, if asked for.
    public var logprobs: [TokenLogprob]?
    /// Where the text begins in the choice's whole text, in characters.
    public var textOffset = 0
    /// The new token ids, if asked for.
    public var tokenIDs: [Int]?
    /// The prompt's token ids, if asked for: in the choice's first piece.
    public var promptTokenIDs: [Int]?

    /// A piece.
    public init(index: Int, text: String, finish: Finish? = nil) {
      self.index = index
      self.text = text
      self.finish = finish
    }
  }

  /// What all parts of the answer share.
  public let identity: ResponseIdentity

  /// Writes the answer with this identity.
  public init(_ identity: ResponseIdentity) { self.identity = identity }

  /// The body of a whole answer.
  public func response(_ choices: [Choice], usage: TokenUsage) -> [UInt8] {
    var json = JSONWriter(capacity: 512)
    json.identity(identity, object: "text_completion")
    json.raw(",\"choices\":")
    json.array(choices, Self.write)
    json.fingerprintOfWhole(identity)
    json.usage(usage)
    json.raw(
      ",\"prompt_tokens_details\":null,\"completion_tokens_details\":null},\"kv_transfer_params\":null,")
    json.raw("\"ec_transfer_params\":null,\"metrics\":null}")
    return json.bytes
  }

  private static func write(_ json: inout JSONWriter, _ choice: Choice) {
    json.raw("{\"index\":")
    json.integer(choice.index)
    json.raw(",\"text\":")
    json.string(choice.text)
    json.completionLogprobs(choice.logprobs, offset: 0)
    json.finishReason(choice.finish)
    json.stopReason(choice.finish)
    json.tokenIDs(choice.tokenIDs)
    json.promptLogprobs(choice.promptLogprobs)
    json.raw(",\"prompt_token_ids\":")
    json.optionalIDs(choice.promptTokenIDs)
    json.raw(",\"routed_experts\":null}")
  }

  /// The JSON of one chunk of a stream.
  ///
  /// - Parameters:
  ///   - usage: the usage so far, when every chunk is to tell it.
  ///   - isLast: whether no chunk follows, which then names the fingerprint.
  public func chunk(_ piece: Piece, usage: TokenUsage? = nil, isLast: Bool = false) -> [UInt8] {
    var json = JSONWriter(capacity: 320)
    json.identity(identity, object: "text_completion")
    json.raw(",\"choices\":[{\"index\":")
    json.integer(piece.index)
    json.raw(",\"text\":")
    json.string(piece.text)
    json.completionLogprobs(piece.logprobs, offset: piece.textOffset)
    json.finishReason(piece.finish)
    json.stopReason(piece.finish)
    json.raw(",\"prompt_token_ids\":")
    json.optionalIDs(piece.promptTokenIDs)
    json.tokenIDs(piece.tokenIDs)
    json.raw("}]")
    json.endOfChunk(identity, usage: usage, isLast: isLast)
    return json.bytes
  }

  /// The JSON of the chunk that tells the usage at a stream's end.
  public func usageChunk(_ usage: TokenUsage) -> [UInt8] {
    var json = JSONWriter(capacity: 320)
    json.identity(identity, object: "text_completion")
    json.raw(",\"choices\":[]")
    json.endOfChunk(identity, usage: usage, isLast: true)
    return json.bytes
  }
}

extension JSONWriter {
  mutating func endOfChunk(_ identity: ResponseIdentity, usage: TokenUsage?, isLast: Bool) {
    if let usage {
      self.usage(usage)
      raw("}")
    }
    if isLast {
      raw(",\"system_fingerprint\":")
      string(identity.systemFingerprint)
    }
    raw("}")
  }
}
