/// An error as the API tells it: `{"error":{"message","type","param","code"}}` with an HTTP status.
///
/// Types, codes and wording follow vLLM 0.32, which follows OpenAI; `code` is the status as a number.
public struct APIError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The HTTP status, also the body's `code`.
  public var status: Int
  /// The error's class, such as `BadRequestError`.
  public var type: String
  /// What is wrong, for people.
  public var message: String
  /// The field that is to blame, such as `max_tokens` or `body.messages`.
  public var parameter: String?
  /// When to try again, for the `Retry-After` header.
  public var retryAfterSeconds: Int?
  /// What `x-should-retry` tells OpenAI's clients; nil leaves it to the status.
  public var shouldRetry: Bool?

  /// An error of any kind.
  public init(
    status: Int, type: String, message: String, parameter: String? = nil, retryAfterSeconds: Int? = nil,
    shouldRetry: Bool? = nil
  ) {
    self.status = status
    self.type = type
    self.message = message
    self.parameter = parameter
    self.retryAfterSeconds = retryAfterSeconds
    self.shouldRetry = shouldRetry
  }

  /// The message.
  public var description: String { message }

  /// The response's body.
  public var body: [UInt8] {
    var json = JSONWriter(capacity: 160 + message.utf8.count)
    write(to: &json)
    return json.bytes
  }

  /// The header fields that go with it, which tell OpenAI's clients whether and when to try again.
  public var fields: [(String, String)] {
    var fields: [(String, String)] = []
    if let retryAfterSeconds { fields.append(("Retry-After", String(retryAfterSeconds))) }
    if let shouldRetry { fields.append(("x-should-retry", String(shouldRetry))) }
    return fields
  }

  /// The event that ends a stream which cannot be continued: `data: {"error":…}`; no `[DONE]` may follow.
  public var event: [UInt8] {
    var json = JSONWriter(capacity: 200 + message.utf8.count)
    json.raw("data: ")
    write(to: &json)
    json.raw("\n\n")
    return json.bytes
  }

  private func write(to json: inout JSONWriter) {
    json.raw("{\"error\":{\"message\":")
    json.string(message)
    json.raw(",\"type\":")
    json.string(type)
    json.raw(",\"param\":")
    if let parameter { json.string(parameter) } else { json.raw("null") }
    json.raw(",\"code\":")
    json.integer(status)
    json.raw("}}")
  }
}

extension APIError {
  /// 400 for a value that its field does not allow.
  public static func badRequest(_ message: String, parameter: String? = nil) -> APIError {
    APIError(status: 400, type: "BadRequestError", message: message, parameter: parameter)
  }

  /// 400 for a field's value, named in vLLM's way at the message's end.
  public static func badValue(_ message: String, parameter: String, value: String) -> APIError {
    badRequest("\(message) (parameter=\(parameter), value=\(value))", parameter: parameter)
  }

  /// 404 for a model that is not served; `served` are those that are.
  public static func unknownModel(_ name: String, served: [String]) -> APIError {
    APIError(
      status: 404, type: "NotFoundError",
      message: "The model `\(name)` does not exist. Valid aliases: \(served.joined(separator: ", ")).",
      parameter: "model")
  }

  /// 404 for a path that does not exist.
  public static func unknownPath(_ path: String) -> APIError {
    APIError(status: 404, type: "NotFoundError", message: "Not Found: \(path)")
  }

  /// 405 for a method that the path does not serve.
  public static func methodNotAllowed(_ method: String, allowed: String) -> APIError {
    APIError(
      status: 405, type: "MethodNotAllowedError",
      message: "Method \(method) is not allowed here, only \(allowed).")
  }

  /// 413 for a body larger than `limit` bytes.
  public static func bodyTooLarge(limit: Int) -> APIError {
    APIError(
      status: 413, type: "RequestEntityTooLargeError",
      message: "The request body is larger than \(limit) bytes.")
  }

  /// 408 for a request of which the rest did not arrive in time.
  public static func requestTimeout(_ message: String) -> APIError {
    APIError(status: 408, type: "RequestTimeoutError", message: message)
  }

  /// What is no valid HTTP request, with the status that HTTP asks for.
  public static func malformedRequest(status: Int, _ message: String) -> APIError {
    APIError(status: status, type: "BadRequestError", message: message)
  }

  /// 500 for a fault that is not the caller's.
  public static func internalError(_ message: String) -> APIError {
    APIError(status: 500, type: "InternalServerError", message: message)
  }

  /// 503 for a system that cannot take the request now.
  public static func unavailable(_ message: String, retryAfterSeconds: Int? = 1) -> APIError {
    APIError(
      status: 503, type: "ServiceUnavailableError", message: message, retryAfterSeconds: retryAfterSeconds)
  }

  /// 503 for a system that has too much to do, and will have a place for the request in `retryAfterSeconds`.
  public static func overloaded(_ message: String, retryAfterSeconds: Int) -> APIError {
    APIError(
      status: 503, type: "ServiceUnavailableError", message: message, retryAfterSeconds: retryAfterSeconds,
      shouldRetry: true)
  }

  /// 429 for a caller beyond its own limit.
  public static func tooManyRequests(_ message: String, retryAfterSeconds: Int? = 1) -> APIError {
    APIError(
      status: 429, type: "RateLimitError", message: message, retryAfterSeconds: retryAfterSeconds,
      shouldRetry: true)
  }

  /// 400 for a body or field of the wrong form, in the words of vLLM's validator.
  static func invalid(_ kind: String, at location: String, _ message: String, input: String) -> APIError {
    APIError(
      status: 400, type: "Bad Request",
      message:
        "1 validation error:\n  {'type': '\(kind)', 'loc': '\(location)', 'msg': '\(message)', 'input': \(input)}",
      parameter: location)
  }
}
