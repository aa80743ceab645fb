public import JSON

/// One message of a conversation.
public struct ChatMessage: Sendable, Equatable {
  /// Who speaks: `system`, `user`, `assistant`, `tool` or `developer`.
  public var role: String
  /// The text; parts are joined by line ends, as vLLM does for models that know only text.
  public var content: String
  /// The speaker's name.
  public var name: String?

  /// A message.
  public init(role: String, content: String, name: String? = nil) {
    self.role = role
    self.content = content
    self.name = name
  }
}

/// A request to `/v1/chat/completions`.
public struct ChatRequest: Sendable, Equatable {
  /// What the answer must look like.
  public enum ResponseFormat: String, Sendable {
    /// Anything.
    case text
    /// A JSON object.
    case jsonObject = "json_object"
    /// JSON by a schema.
    case jsonSchema = "json_schema"
  }

  /// Model, streaming and identity.
  public var envelope = RequestEnvelope()
  /// The conversation so far, at least one message.
  public var messages: [ChatMessage]
  /// Sampling and stopping; without a token limit the answer may fill the context.
  public var sampling = SamplingParameters()
  /// The form of the answer.
  public var responseFormat = ResponseFormat.text
  /// Whether the caller offers tools, which an engine without tool calls must refuse.
  public var hasTools = false
  /// How much to think, as the model's template understands it.
  public var reasoningEffort: String?
  /// A template in place of the model's own.
  public var chatTemplate: String?
  /// Further variables of the template.
  public var templateArguments: [JSONMember] = []
  /// Whether the template opens the assistant's turn.
  public var addsGenerationPrompt = true
  /// Whether the last message is continued rather than answered.
  public var continuesFinalMessage = false
  /// Whether the last message is repeated in front of the answer.
  public var echoesLastMessage = false

  /// A request about `messages`.
  public init(messages: [ChatMessage]) { self.messages = messages }

  init(_ fields: RequestFields) throws(APIError) {
    envelope = try RequestEnvelope(fields)
    messages = try Self.messages(fields)
    sampling = try SamplingParameters(fields)
    sampling.maxTokens = try fields.integer("max_tokens")
    if let limit = try fields.integer("max_completion_tokens") { sampling.maxTokens = limit }
    sampling.logprobs = try Self.logprobs(fields)
    responseFormat = try Self.responseFormat(fields)
    hasTools = try Self.hasTools(fields)
    reasoningEffort = try fields.string("reasoning_effort")
    chatTemplate = try fields.string("chat_template")
    templateArguments =
      try fields.object("chat_template_kwargs") == nil
      ? [] : fields["chat_template_kwargs"]?.copied.members ?? []
    addsGenerationPrompt = try fields.boolean("add_generation_prompt") ?? true
    continuesFinalMessage = try fields.boolean("continue_final_message") ?? false
    echoesLastMessage = try fields.boolean("echo") ?? false
    if try fields.boolean("add_special_tokens") == true {
      envelope.uninterpreted.append("add_special_tokens")
    }
    try validate()
  }

  private func validate() throws(APIError) {
    try sampling.validate()
    if continuesFinalMessage && addsGenerationPrompt {
      throw .badRequest(
        "Cannot set both `continue_final_message` and `add_generation_prompt` to True.",
        parameter: "continue_final_message")
    }
    try sampling.refusePromptLogprobs(whenStreaming: envelope.isStreaming)
  }

  private static func logprobs(_ fields: RequestFields) throws(APIError) -> Int? {
    let isWanted = try fields.boolean("logprobs") ?? false
    let top = try fields.integer("top_logprobs")
    if let top, top != 0, !isWanted {
      throw .badValue(
        "when using `top_logprobs`, `logprobs` must be set to true.", parameter: "top_logprobs",
        value: "\(top)")
    }
    return isWanted ? top ?? 0 : nil
  }

  private static func responseFormat(_ fields: RequestFields) throws(APIError) -> ResponseFormat {
    guard let object = try fields.object("response_format") else { return .text }
    let name = try object.string("type") ?? "text"
    guard let format = ResponseFormat(rawValue: name) else {
      throw .invalid(
        "literal_error", at: object.path("type"), "Input should be 'text', 'json_object' or 'json_schema'",
        input: "'\(name)'")
    }
    return format
  }

  private static func hasTools(_ fields: RequestFields) throws(APIError) -> Bool {
    guard let tools = try fields.array("tools") else {
      guard let choice = fields["tool_choice"], choice.string != "none", choice.string != "auto" else {
        return false
      }
      throw .badRequest("When using `tool_choice`, `tools` must be set.", parameter: "tool_choice")
    }
    guard !tools.isEmpty else { throw .badRequest("`tools` must not be an empty list.", parameter: "tools") }
    return fields["tool_choice"]?.string != "none"
  }

  private static func messages(_ fields: RequestFields) throws(APIError) -> [ChatMessage] {
    guard let elements = try fields.array("messages") else {
      throw .invalid(
        "missing", at: "body.messages", "Field required", input: "<dict of \(fields.all.count) items>")
    }
    guard !elements.isEmpty else {
      throw .badRequest(
        "Cannot apply chat template to an empty conversation. Provide at least one message.")
    }
    var messages: [ChatMessage] = []
    for (index, element) in elements.enumerated() {
      messages.append(try ChatMessage(RequestFields(element, at: "body.messages.\(index)")))
    }
    return messages
  }
}

extension ChatMessage {
  init(_ fields: RequestFields) throws(APIError) {
    guard let role = try fields.string("role") else {
      throw .invalid(
        "missing", at: fields.path("role"), "Field required", input: "<dict of \(fields.all.count) items>")
    }
    self.role = role
    name = try fields.string("name")
    content = try Self.content(fields)
  }

  private static func content(_ fields: RequestFields) throws(APIError) -> String {
    if let text = fields["content"]?.string { return text }
    guard let parts = try fields.array("content") else { return "" }
    var texts: [String] = []
    for (index, element) in parts.enumerated() {
      let part = try RequestFields(element, at: "\(fields.path("content")).\(index)")
      let type = try part.string("type") ?? "text"
      guard ["text", "input_text", "output_text"].contains(type) else {
        throw .badValue("this model takes only text parts.", parameter: part.path("type"), value: type)
      }
      texts.append(try part.string("text") ?? "")
    }
    return texts.joined(separator: "\n")
  }
}
