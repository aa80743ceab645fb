/// What both kinds of completion say about the request itself.
public struct RequestEnvelope: Sendable, Equatable {
  /// The model asked for; nil takes the served one.
  public var model: String?
  /// Whether tokens are sent as they come.
  public var isStreaming = false
  /// Whether a stream ends with a chunk that tells the usage.
  public var includesUsage = false
  /// Whether every chunk of a stream tells the usage so far.
  public var hasContinuousUsage = false
  /// The caller's own id for its user.
  public var user: String?
  /// The caller's id for the request.
  public var requestID: String?
  /// The caller's id for the session.
  public var sessionID: String?
  /// Keeps prefix-cache entries of different salts apart.
  public var cacheSalt: String?
  /// A lower number goes first.
  public var priority = 0
  /// Keeps only the last so many prompt tokens; -1 is as many as fit.
  public var truncatePromptTokens: Int?
  /// Whether token ids are told beside the text.
  public var returnsTokenIDs = false
  /// Fields that the request sets, that would change its answer, and that nothing here interprets.
  public var uninterpreted: [String] = []

  /// A request that says nothing.
  public init() {}

  init(_ fields: RequestFields) throws(APIError) {
    model = try fields.string("model")
    isStreaming = try fields.boolean("stream") ?? false
    user = try fields.string("user")
    requestID = try fields.string("request_id")
    sessionID = try fields.string("session_id")
    cacheSalt = try fields.string("cache_salt")
    priority = try fields.integer("priority") ?? 0
    truncatePromptTokens = try fields.integer("truncate_prompt_tokens")
    returnsTokenIDs = try fields.boolean("return_token_ids") ?? false
    uninterpreted = Self.uninterpretedNames.filter { fields[$0]?.isNeutral == false }
    guard let options = try fields.object("stream_options") else { return }
    guard isStreaming else {
      throw .badRequest(
        "Stream options can only be defined when `stream=True`. (parameter=stream_options)",
        parameter: "stream_options")
    }
    includesUsage = try options.boolean("include_usage") ?? false
    hasContinuousUsage = try options.boolean("continuous_usage_stats") ?? false
  }

  /// Fields of vLLM 0.32 and of the versions before it that change what is generated or how it is told.
  private static let uninterpretedNames = [
    "allowed_token_ids", "bad_words", "use_beam_search", "prompt_embeds", "structured_outputs", "guided_json",
    "guided_regex", "guided_choice", "guided_grammar", "logits_processors", "kv_transfer_params",
    "vllm_xargs",
    "return_tokens_as_token_ids", "thinking_token_budget", "repetition_detection", "documents",
  ]
}
