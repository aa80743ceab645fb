/// How the next token is chosen and when to stop; nil means that the request did not say.
public struct SamplingParameters: Sendable, Equatable {
  /// Choices per prompt.
  public var choiceCount = 1
  /// Divides the logits; 0 is greedy.
  public var temperature: Double?
  /// The probability mass that is sampled from, in (0, 1].
  public var topP: Double?
  /// The number of tokens that are sampled from; 0 and -1 are all.
  public var topK: Int?
  /// The least probability relative to the likeliest token's, 0...1.
  public var minP: Double?
  /// Makes the result repeatable.
  public var seed: Int?
  /// The most tokens to generate; nil is as many as fit.
  public var maxTokens: Int?
  /// Tokens before an end-of-sequence token or a stop string counts.
  public var minTokens = 0
  /// Texts that end the generation and are not given out.
  public var stop: [String] = []
  /// Tokens that end the generation.
  public var stopTokenIDs: [Int] = []
  /// Whether the stop string is given out.
  public var includesStopString = false
  /// Whether to go on behind the end-of-sequence token.
  public var ignoresEOS = false
  /// Whether special tokens are left out of the text.
  public var skipsSpecialTokens = true
  /// Subtracted from the logit of every token that occurs in the output, -2...2.
  public var presencePenalty = 0.0
  /// Subtracted per occurrence in the output, -2...2.
  public var frequencyPenalty = 0.0
  /// Divides the logits of tokens that occur in prompt or output; 1 is none.
  public var repetitionPenalty: Double?
  /// Added to the logits of these tokens, each -100...100.
  public var logitBias: [Int: Double] = [:]
  /// Alternatives told per token; nil tells no log probabilities, 0 only the chosen token's.
  public var logprobs: Int?
  /// The same for the prompt's tokens.
  public var promptLogprobs: Int?
  /// The same for the prompt's tokens where the prompt is repeated, in one list with the others.
  public var echoLogprobs: Int?
  /// Whether the prompt is repeated and nothing generated behind it.
  public var generatesNothing = false

  /// What a request that says nothing gets.
  public init() {}
}

extension SamplingParameters {
  /// Reads the fields that both kinds of completion share, but for the token limit and `logprobs`.
  init(_ fields: RequestFields) throws(APIError) {
    choiceCount = try fields.integer("n") ?? 1
    temperature = try fields.number("temperature")
    topP = try fields.number("top_p")
    topK = try fields.integer("top_k")
    minP = try fields.number("min_p")
    seed = try fields.integer("seed")
    minTokens = try fields.integer("min_tokens") ?? 0
    stop = try fields.strings("stop") ?? []
    stopTokenIDs = try fields.integers("stop_token_ids") ?? []
    includesStopString = try fields.boolean("include_stop_str_in_output") ?? false
    ignoresEOS = try fields.boolean("ignore_eos") ?? false
    skipsSpecialTokens = try fields.boolean("skip_special_tokens") ?? true
    presencePenalty = try fields.number("presence_penalty") ?? 0
    frequencyPenalty = try fields.number("frequency_penalty") ?? 0
    repetitionPenalty = try fields.number("repetition_penalty")
    logitBias = try Self.logitBias(fields)
    promptLogprobs = try fields.integer("prompt_logprobs")
  }

  private static func logitBias(_ fields: RequestFields) throws(APIError) -> [Int: Double] {
    guard let map = try fields.object("logit_bias") else { return [:] }
    var bias: [Int: Double] = [:]
    for (key, element) in map.all {
      guard let token = Int(key), let value = element.number else {
        throw .invalid(
          "float_type", at: map.path(key), "Input should map token ids to numbers", input: element.excerpt)
      }
      bias[token] = min(max(value, -100), 100)
    }
    return bias
  }

  /// Checks the ranges, in vLLM's words.
  func validate() throws(APIError) {
    try Self.require(choiceCount >= 1, "n must be at least 1, got \(choiceCount).", "n", choiceCount)
    if let maxTokens {
      try Self.require(
        maxTokens >= 1, "max_tokens must be at least 1, got \(maxTokens).", "max_tokens", maxTokens)
    }
    try validateTokenChoice()
    try validatePenalties()
    try Self.require(
      minTokens >= 0, "min_tokens must be non-negative, got \(minTokens).", "min_tokens", minTokens)
    if let maxTokens, minTokens > maxTokens {
      throw .badValue(
        "min_tokens must be less than or equal to max_tokens=\(maxTokens), got \(minTokens).",
        parameter: "min_tokens", value: "\(minTokens)")
    }
    try Self.require(!stop.contains(""), "stop cannot contain an empty string.", "stop", stop)
    for (count, name) in [(logprobs, "logprobs"), (promptLogprobs, "prompt_logprobs")] {
      try Self.require(
        (0...20).contains(count ?? 0), "\(name) must be in [0, 20], got \(count ?? 0).", name, count ?? 0)
    }
  }

  /// As in vLLM, a stream has no place for them.
  func refusePromptLogprobs(whenStreaming isStreaming: Bool) throws(APIError) {
    guard isStreaming, promptLogprobs != nil else { return }
    throw .badRequest(
      "`prompt_logprobs` are not available when `stream=True`. (parameter=prompt_logprobs)",
      parameter: "prompt_logprobs")
  }

  private func validateTokenChoice() throws(APIError) {
    if let temperature {
      try Self.require(
        temperature >= 0, "temperature must be non-negative, got \(temperature).", "temperature", temperature)
    }
    if let topP {
      try Self.require(topP > 0 && topP <= 1, "top_p must be in (0, 1], got \(topP).", "top_p", topP)
    }
    if let topK {
      try Self.require(
        topK >= -1, "top_k must be 0 or -1 (disable), or at least 1, got \(topK).", "top_k", topK)
    }
    if let minP {
      try Self.require(minP >= 0 && minP <= 1, "min_p must be in [0, 1], got \(minP).", "min_p", minP)
    }
  }

  private func validatePenalties() throws(APIError) {
    let penalties = [("presence_penalty", presencePenalty), ("frequency_penalty", frequencyPenalty)]
    for (name, value) in penalties {
      try Self.require(value >= -2 && value <= 2, "\(name) must be in [-2, 2], got \(value).", name, value)
    }
    if let value = repetitionPenalty {
      try Self.require(
        value > 0, "repetition_penalty must be greater than zero, got \(value).", "repetition_penalty", value)
    }
  }

  private static func require(
    _ condition: Bool, _ message: @autoclosure () -> String, _ name: String, _ value: @autoclosure () -> Any
  ) throws(APIError) {
    if !condition { throw .badValue(message(), parameter: name, value: "\(value())") }
  }
}
