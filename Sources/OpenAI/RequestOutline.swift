/// The little of a request that a relay must know; everything else of the body passes through unread.
public struct RequestOutline: Sendable, Equatable {
  /// The model asked for.
  public var model: String?
  /// Whether tokens are sent as they come.
  public var isStreaming = false
  /// The caller's id for its user.
  public var user: String?
  /// What the session is known by: `session_params.session_id`, `user`, `session_id` or `user_id`.
  public var session: String?
  /// Hashes of the prompt's text by blocks of 64 bytes, each of all text up to its end; empty unless they were asked for.
  public var promptBlocks: [UInt64] = []
  /// The most tokens the caller wants, for an estimate of the load.
  public var maxTokens: Int?

  /// A lower number goes first.
  public var priority = 0

  /// An outline that says nothing.
  public init() {}

  init(_ root: JSONElement, hashingPrompt: Bool) throws(APIError) {
    let outline = try RequestOutlineFields(root)
    if hashingPrompt { promptBlocks = PromptBlocks.of(root) }
    model = outline.model
    isStreaming = outline.isStreaming
    user = outline.user
    session = outline.nestedSession ?? outline.user ?? outline.session ?? outline.userID
    maxTokens = outline.maxTokens
    priority = outline.priority
  }
}

/// What one walk over the members finds.
private struct RequestOutlineFields {
  var model: String?
  var isStreaming = false
  var user: String?
  var userID: String?
  var session: String?
  var nestedSession: String?
  var maxTokens: Int?
  var priority = 0

  init(_ root: JSONElement) throws(APIError) {
    guard root.isObject else { _ = try RequestFields(root); return }
    var found = self
    var fault: APIError?
    root.forEach { key, element in
      if let error = found.read(key, element) { fault = fault ?? error }
    }
    if let fault { throw fault }
    self = found
  }

  private mutating func read(_ key: UnsafeRawBufferPointer, _ element: JSONElement) -> APIError? {
    switch String(decoding: key, as: UTF8.self) {
    case "model":
      model = element.string
      if model == nil, !element.isNull {
        return .invalid(
          "string_type", at: "body.model", "Input should be a valid string", input: element.excerpt)
      }
    case "stream":
      isStreaming = element.boolean ?? false
      if element.boolean == nil, !element.isNull {
        return .invalid(
          "bool_type", at: "body.stream", "Input should be a valid boolean", input: element.excerpt)
      }
    case "max_tokens": maxTokens = maxTokens ?? element.integer
    case "max_completion_tokens": maxTokens = element.integer ?? maxTokens
    case "priority": priority = element.integer ?? 0
    case "user": user = element.string
    case "user_id": userID = element.string
    case "session_id": session = element.string
    case "session_params": nestedSession = element.member("session_id")?.string
    default: break
    }
    return nil
  }
}

extension JSONElement {
  /// The last member called `name` of an object.
  func member(_ name: String) -> JSONElement? {
    guard isObject else { return nil }
    var found: JSONElement?
    forEach { if $0.elementsEqual(name.utf8) { found = $1 } }
    return found
  }
}
