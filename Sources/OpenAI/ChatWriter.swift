/// Writes answers of `/v1/chat/completions` in vLLM's shape.
public struct ChatWriter: Sendable {
  /// One choice of a whole answer.
  public struct Choice: Sendable {
    /// Its number.
    public var index: Int
    /// The assistant's text.
    public var text: String
    /// How it ended.
    public var finish: Finish
    /// Its tokens' log probabilities, if asked for.
    public var logprobs: [TokenLogprob]?
    /// Its token ids, if asked for.
    public var tokenIDs: [Int]?

    /// A choice.
    public init(
      index: Int, text: String, finish: Finish, logprobs: [TokenLogprob]? = nil, tokenIDs: [Int]? = nil
    ) {
      self.index = index
      self.text = text
      self.finish = finish
      self.logprobs = logprobs
      self.tokenIDs = tokenIDs
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
    /// The new token ids, if asked for.
    public var tokenIDs: [Int]?

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
  public func response(
    _ choices: [Choice], usage: TokenUsage, promptTokenIDs: [Int]? = nil,
    promptLogprobs: [PromptTokenLogprobs?]? = nil
  ) -> [UInt8] {
    var json = JSONWriter(capacity: 768)
    json.identity(identity, object: "chat.completion")
    json.raw(",\"choices\":")
    json.array(choices, Self.write)
    json.fingerprintOfWhole(identity)
    json.usage(usage)
    json.raw(",\"prompt_tokens_details\":null,\"completion_tokens_details\":null}")
    json.promptLogprobs(promptLogprobs)
    json.raw(",\"prompt_token_ids\":")
    json.optionalIDs(promptTokenIDs)
    json.raw(
      ",\"prompt_text\":null,\"kv_transfer_params\":null,\"ec_transfer_params\":null,\"metrics\":null}")
    return json.bytes
  }

  private static func write(_ json: inout JSONWriter, _ choice: Choice) {
    json.raw("{\"index\":")
    json.integer(choice.index)
    json.raw(",\"message\":{\"role\":\"assistant\",\"content\":")
    json.string(choice.text)
    json.raw(
      ",\"refusal\":null,\"annotations\":null,\"audio\":null,\"function_call\":null,\"reasoning\":null}")
    json.chatLogprobs(choice.logprobs)
    json.finishReason(choice.finish)
    json.stopReason(choice.finish)
    json.tokenIDs(choice.tokenIDs)
    json.raw(",\"routed_experts\":null}")
  }

  /// The JSON of a choice's first chunk, which tells only the role.
  public func roleChunk(index: Int, usage: TokenUsage? = nil, promptTokenIDs: [Int]? = nil) -> [UInt8] {
    var json = JSONWriter(capacity: 320)
    json.identity(identity, object: "chat.completion.chunk")
    json.raw(",\"choices\":[{\"index\":")
    json.integer(index)
    json.raw(
      ",\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}]")
    if let usage {
      json.usage(usage)
      json.raw("}")
    }
    json.raw(",\"prompt_token_ids\":")
    json.optionalIDs(promptTokenIDs)
    json.raw(",\"prompt_text\":null}")
    return json.bytes
  }

  /// The JSON of one chunk of a stream.
  ///
  /// - Parameters:
  ///   - usage: the usage so far, when every chunk is to tell it.
  ///   - isLast: whether no chunk follows, which then names the fingerprint.
  public func chunk(_ piece: Piece, usage: TokenUsage? = nil, isLast: Bool = false) -> [UInt8] {
    var json = JSONWriter(capacity: 320)
    json.identity(identity, object: "chat.completion.chunk")
    json.raw(",\"choices\":[{\"index\":")
    json.integer(piece.index)
    json.raw(",\"delta\":{\"content\":")
    json.string(piece.text)
    json.raw("}")
    json.chatLogprobs(piece.logprobs)
    json.finishReason(piece.finish)
    if piece.finish != nil { json.stopReason(piece.finish) }
    json.tokenIDs(piece.tokenIDs)
    json.raw("}]")
    json.endOfChunk(identity, usage: usage, isLast: isLast)
    return json.bytes
  }

  /// The JSON of the chunk that tells the usage at a stream's end.
  public func usageChunk(_ usage: TokenUsage) -> [UInt8] {
    var json = JSONWriter(capacity: 320)
    json.identity(identity, object: "chat.completion.chunk")
    json.raw(",\"choices\":[]")
    json.endOfChunk(identity, usage: usage, isLast: true)
    return json.bytes
  }
}
