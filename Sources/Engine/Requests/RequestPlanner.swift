import Model
import OpenAI
import Scheduling

/// Turns a request into the sequences to generate, or says what is wrong with it.
struct RequestPlanner: Sendable {
  /// What is served.
  struct Limits: Equatable, Sendable {
    var modelName: String
    var vocabularySize: Int
    var maxModelLength: Int
    var endTokens: Set<Int32>
  }

  /// One sequence to generate, without its id and seed.
  struct Sequence: Equatable, Sendable {
    var prompt: [Int32]
    var maxNewTokens: Int
    /// Which of the request's choices for this prompt it is; its seed differs by that.
    var variant: Int
    /// The prompt's text, where the answer is to begin with it.
    var echo = ""
  }

  let limits: Limits
  /// Whether requests may name a priority.
  var ordersByPriority = false
  let defaults: GenerationDefaults

  /// The adapter that a request asks for; nil for the model itself.
  ///
  /// - Throws: 404 for a model that is not served.
  func adapter(of envelope: RequestEnvelope, in catalogue: AdapterCatalogue?) throws(APIError)
    -> AdapterSource?
  {
    guard let model = envelope.model, model != limits.modelName else { return nil }
    if let source = catalogue?.source(of: model) { return source }
    throw .unknownModel(model, served: [limits.modelName] + (catalogue?.sources.map(\.card) ?? []))
  }

  /// Refuses, by the field's name, what this engine does not do.
  func checkSupported(_ sampling: OpenAI.SamplingParameters) throws(APIError) {
    let choices = 128
    guard sampling.choiceCount <= choices else {
      throw .badValue("n must be at most \(choices).", parameter: "n", value: "\(sampling.choiceCount)")
    }
    try checkVocabulary(sampling.stopTokenIDs, "stop_token_ids")
    try checkVocabulary(sampling.logitBias.keys.sorted(), "logit_bias")
  }

  private func checkVocabulary(_ tokens: [Int], _ field: String) throws(APIError) {
    for token in tokens where !(0..<limits.vocabularySize).contains(token) {
      throw .badValue("Token id \(token) is out of vocabulary.", parameter: field, value: "\(token)")
    }
  }

  /// Refuses what both kinds of request may ask for and this engine does not do.
  func checkSupported(_ envelope: RequestEnvelope) throws(APIError) {
    if let field = envelope.uninterpreted.first { throw Self.notSupported(field) }
    // As vLLM does: a priority that nobody heeds would only seem to work.
    guard ordersByPriority || envelope.priority == 0 else {
      throw .badValue(
        "priority must be 0 unless the engine runs with --scheduling-policy priority.",
        parameter: "priority", value: "\(envelope.priority)")
    }
  }

  /// Refuses what a chat request may ask for and this engine does not do.
  func checkSupported(_ request: ChatRequest) throws(APIError) {
    let unsupported: [(String, Bool)] = [
      ("tools", request.hasTools), ("response_format", request.responseFormat != .text),
      ("chat_template", request.chatTemplate != nil),
      ("continue_final_message", request.continuesFinalMessage),
      ("echo", request.echoesLastMessage),
    ]
    for (field, isAsked) in unsupported where isAsked { throw Self.notSupported(field) }
  }

  /// The 400 for a field that this engine knows of but does not do.
  static func notSupported(_ field: String) -> APIError {
    .badRequest("\(field) is not supported by this engine. (parameter=\(field))", parameter: field)
  }

  /// The sequences for `prompts`, each as often as choices are asked for.
  ///
  /// - Throws: 400 for a prompt that leaves no room, or a limit that no sequence can reach.
  func sequences(
    _ prompts: [[Int32]], _ sampling: OpenAI.SamplingParameters, truncatingTo truncation: Int? = nil
  ) throws(APIError) -> [Sequence] {
    if let wanted = sampling.maxTokens, wanted > limits.maxModelLength {
      throw .badValue(
        "max_tokens=\(wanted) cannot be greater than max_model_len=\(limits.maxModelLength)."
          + " Please request fewer output tokens.", parameter: "max_tokens", value: "\(wanted)")
    }
    var sequences: [Sequence] = []
    for prompt in prompts {
      let prompt = try truncated(prompt, truncation, sampling)
      let room = try room(after: prompt, sampling)
      for variant in 0..<sampling.choiceCount {
        sequences.append(Sequence(prompt: prompt, maxNewTokens: room, variant: variant))
      }
    }
    return sequences
  }

  private func truncated(
    _ prompt: [Int32], _ truncation: Int?, _ sampling: OpenAI.SamplingParameters
  ) throws(APIError) -> [Int32] {
    guard let truncation else { return prompt }
    guard truncation >= -1, truncation != 0 else {
      throw .badValue(
        "truncate_prompt_tokens must be -1 or at least 1.", parameter: "truncate_prompt_tokens",
        value: "\(truncation)")
    }
    let fits = max(1, limits.maxModelLength - (sampling.maxTokens ?? 1))
    return Array(prompt.suffix(truncation == -1 ? fits : truncation))
  }

  private func room(after prompt: [Int32], _ sampling: OpenAI.SamplingParameters) throws(APIError) -> Int {
    guard !prompt.isEmpty else {
      throw .badRequest("The prompt has no tokens. (parameter=prompt)", parameter: "prompt")
    }
    let room = limits.maxModelLength - prompt.count
    guard room > 0 else {
      throw .badValue(
        "This model's maximum context length is \(limits.maxModelLength) tokens. However, your prompt contains"
          + " \(prompt.count) input tokens, which leaves no room for output tokens."
          + " Please reduce the length of the input prompt.", parameter: "input_tokens",
        value: "\(prompt.count)")
    }
    guard let wanted = sampling.maxTokens else { return room }
    guard wanted <= room else {
      throw .badValue(
        "This model's maximum context length is \(limits.maxModelLength) tokens. However, you requested \(wanted)"
          + " output tokens and your prompt contains \(prompt.count) input tokens, \(prompt.count + wanted) in total."
          + " Please reduce the length of the input prompt or the number of requested output tokens.",
        parameter: "input_tokens", value: "\(prompt.count)")
    }
    return wanted
  }

  /// Refuses tokens of an earlier rank that cannot be this request's.
  func checkResumed(_ resumed: EmittedTokens, _ sequences: [Sequence]) throws(APIError) {
    let isPossible = resumed.choices.allSatisfy { choice, ids in
      sequences.indices.contains(choice) && ids.count <= sequences[choice].maxNewTokens
        && ids.allSatisfy { $0 < Int32(clamping: limits.vocabularySize) }
    }
    guard isPossible else {
      throw .badRequest(
        "\(EmittedTokens.field) does not fit the request.", parameter: EmittedTokens.field)
    }
  }

  /// How the tokens of a sequence are drawn.
  func sampling(_ asked: OpenAI.SamplingParameters, seed: UInt64) -> Model.SamplingParameters {
    Model.SamplingParameters(
      temperature: Float(asked.temperature ?? defaults.temperature ?? 1),
      topP: Float(asked.topP ?? defaults.topP ?? 1),
      topK: max(0, asked.topK ?? defaults.topK ?? 0), minP: Float(asked.minP ?? defaults.minP ?? 0),
      seed: seed)
  }

  /// What is changed of the logits before a draw.
  func shaping(_ asked: OpenAI.SamplingParameters) -> LogitShaping {
    LogitShaping(
      bias: Dictionary(uniqueKeysWithValues: asked.logitBias.map { (Int32($0.key), Float($0.value)) }),
      repetition: Float(asked.repetitionPenalty ?? 1), frequency: Float(asked.frequencyPenalty),
      presence: Float(asked.presencePenalty))
  }

  /// The tokens that end a sequence.
  func endTokens(_ asked: OpenAI.SamplingParameters) -> Set<Int32> {
    let own = asked.ignoresEOS ? [] : limits.endTokens
    return own.union(asked.stopTokenIDs.map(Int32.init))
  }
}
