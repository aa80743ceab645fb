import OpenAI

/// The two shapes of an answer: text completion and chat.
enum AnswerFormat: Sendable {
  case completion(CompletionWriter, returnsIDs: Bool)
  case chat(ChatWriter, returnsIDs: Bool)

  /// The whole answer's body.
  func whole(_ choices: [GeneratedChoice], prompts: [[Int32]], usage: TokenUsage) -> [UInt8] {
    switch self {
    case .completion(let writer, let returnsIDs):
      let choices = zip(choices, prompts).map { choice, prompt in
        var written = CompletionWriter.Choice(
          index: choice.index, text: choice.text, finish: choice.finish ?? Finish(.abort),
          logprobs: choice.toldLogprobs)
        written.promptLogprobs = choice.promptLogprobs
        if returnsIDs {
          written.tokenIDs = choice.tokens.map(Int.init)
          written.promptTokenIDs = prompt.map(Int.init)
        }
        return written
      }
      return writer.response(choices, usage: usage)
    case .chat(let writer, let returnsIDs):
      let written = choices.map { choice in
        ChatWriter.Choice(
          index: choice.index, text: choice.text, finish: choice.finish ?? Finish(.abort),
          logprobs: choice.toldLogprobs, tokenIDs: returnsIDs ? choice.tokens.map(Int.init) : nil)
      }
      return writer.response(
        written, usage: usage, promptTokenIDs: returnsIDs ? prompts.first?.map(Int.init) : nil,
        promptLogprobs: choices.first?.promptLogprobs)
    }
  }

  /// The JSON of the chunk that begins a choice, if this shape has one.
  func opening(_ index: Int, prompt: [Int32], usage: TokenUsage?) -> [UInt8]? {
    guard case .chat(let writer, let returnsIDs) = self else { return nil }
    return writer.roleChunk(
      index: index, usage: usage, promptTokenIDs: returnsIDs ? prompt.map(Int.init) : nil)
  }

  /// The JSON of a piece.
  ///
  /// - Parameter prompt: the choice's prompt, in its first piece.
  func chunk(
    _ piece: GeneratedChoice.Piece, prompt: [Int32]?, usage: TokenUsage?, isLast: Bool
  ) -> [UInt8] {
    switch self {
    case .completion(let writer, let returnsIDs):
      var chunk = CompletionWriter.Piece(index: piece.index, text: piece.text, finish: piece.finish)
      chunk.textOffset = piece.textOffset
      chunk.logprobs = piece.logprobs.isEmpty ? nil : piece.logprobs
      if returnsIDs {
        chunk.tokenIDs = piece.tokens.map(Int.init)
        chunk.promptTokenIDs = prompt?.map(Int.init)
      }
      return writer.chunk(chunk, usage: usage, isLast: isLast)
    case .chat(let writer, let returnsIDs):
      var chunk = ChatWriter.Piece(index: piece.index, text: piece.text, finish: piece.finish)
      chunk.logprobs = piece.logprobs.isEmpty ? nil : piece.logprobs
      if returnsIDs { chunk.tokenIDs = piece.tokens.map(Int.init) }
      return writer.chunk(chunk, usage: usage, isLast: isLast)
    }
  }

  /// The JSON of the chunk that tells the usage.
  func usageChunk(_ usage: TokenUsage) -> [UInt8] {
    switch self {
    case .completion(let writer, _): writer.usageChunk(usage)
    case .chat(let writer, _): writer.usageChunk(usage)
    }
  }
}

extension GeneratedChoice {
  /// The log probabilities, or nil when they were not asked for.
  fileprivate var toldLogprobs: [TokenLogprob]? { logprobs.isEmpty ? nil : logprobs }
}
