import HTTP
import OpenAI
import Routing

/// What a request's session is known by, as vllm-router looks for it.
enum SessionKey {
  /// The header fields, in the order of precedence; then come those of the body.
  private static let fields = [
    "x-session-id", "x-user-id", "x-tenant-id", "x-request-id", "x-correlation-id", "x-trace-id",
  ]

  /// A hash of the first of them that the request has; of the whole body when it has none.
  static func of(_ head: MessageHead, _ outline: RequestOutline, body: [UInt8]) -> UInt64 {
    for field in fields {
      if let value = head[field], !value.isEmpty { return StableHash.of(value.utf8) }
    }
    if let session = outline.session, !session.isEmpty { return StableHash.of(session.utf8) }
    return StableHash.of(body)
  }
}
