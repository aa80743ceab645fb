/// One prompt of a completion request.
public enum Prompt: Sendable, Equatable {
  /// Text to tokenize.
  case text(String)
  /// Token ids as they are.
  case tokens([Int])
}

/// A request to `/v1/completions`.
public struct CompletionRequest: Sendable, Equatable {
  /// Model, streaming and identity.
  public var envelope = RequestEnvelope()
  /// The prompts, at least one.
  public var prompts: [Prompt]
  /// Sampling and stopping; the token limit defaults to 16.
  public var sampling = SamplingParameters()
  /// Whether the prompt is repeated in front of the answer.
  public var echoesPrompt = false
  /// Whether the tokenizer frames a text prompt with the model's own control tokens.
  public var addsSpecialTokens = true

  /// A request for `prompts`.
  public init(prompts: [Prompt]) { self.prompts = prompts }

  init(_ fields: RequestFields) throws(APIError) {
    envelope = try RequestEnvelope(fields)
    prompts = try Self.prompts(fields)
    sampling = try SamplingParameters(fields)
    sampling.maxTokens = try fields.integer("max_tokens") ?? 16
    sampling.logprobs = try fields.integer("logprobs")
    echoesPrompt = try fields.boolean("echo") ?? false
    if echoesPrompt {
      sampling.echoLogprobs = sampling.logprobs
      sampling.generatesNothing = sampling.maxTokens == 0
      // One token is drawn all the same, and told to nobody: the engine's sequences end by one.
      if sampling.generatesNothing { sampling.maxTokens = 1 }
    }
    addsSpecialTokens = try fields.boolean("add_special_tokens") ?? true
    if let best = try fields.integer("best_of"), best != sampling.choiceCount {
      envelope.uninterpreted.append("best_of")
    }
    if let format = try fields.object("response_format")?.string("type"), format != "text" {
      envelope.uninterpreted.append("response_format")
    }
    if fields["suffix"] != nil { throw .badRequest("suffix is not currently supported", parameter: "suffix") }
    try sampling.validate()
    try sampling.refusePromptLogprobs(whenStreaming: envelope.isStreaming)
  }

  private static func prompts(_ fields: RequestFields) throws(APIError) -> [Prompt] {
    guard let element = fields["prompt"] else { throw missingPrompt }
    if let text = element.string { return [.text(text)] }
    guard let elements = element.elements else { throw wrongPrompt(element) }
    guard let first = elements.first else { throw missingPrompt }
    if first.integer != nil {
      return [.tokens(try fields.integers("prompt") ?? [])]
    }
    return try elements.map { (element) throws(APIError) in
      if let text = element.string { return .text(text) }
      guard let ids = element.elements?.map(\.integer), !ids.isEmpty, !ids.contains(nil) else {
        throw wrongPrompt(element)
      }
      return .tokens(ids.compactMap(\.self))
    }
  }

  private static var missingPrompt: APIError {
    .badRequest(
      "Either prompt or prompt_embeds must be provided and non-empty. (parameter=prompt)", parameter: "prompt"
    )
  }

  private static func wrongPrompt(_ element: JSONElement) -> APIError {
    .invalid(
      "string_type", at: "body.prompt",
      "Input should be a valid string, a list of strings, a list of token ids or a list of such lists",
      input: element.excerpt)
  }
}
