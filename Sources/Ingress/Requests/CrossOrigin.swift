import HTTP

/// Which web pages may ask from a browser (WHATWG Fetch, 3.2).
struct CrossOrigin {
  private let origins: Set<String>

  /// - Parameter origins: such as `https://chat.example`; `*` is every one, and none forbids it to all.
  init(_ origins: [String]) { self.origins = Set(origins) }

  /// What an answer to `head` says of it; nothing for a page that may not, or for no page.
  func fields(for head: MessageHead) -> [(String, String)] {
    guard !origins.isEmpty, let origin = head["origin"] else { return [] }
    if origins.contains("*") { return [("Access-Control-Allow-Origin", "*")] + Self.exposed }
    guard origins.contains(origin) else { return [("Vary", "Origin")] }
    return [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")] + Self.exposed
  }

  /// The answer to `OPTIONS`; ``fields(for:)`` come on top.
  var preflight: HeadWriter {
    var head = HeadWriter(status: 200)
    head.field("Allow", Self.methods)
    guard !origins.isEmpty else { return head }
    head.field("Access-Control-Allow-Methods", Self.methods)
    head.field("Access-Control-Allow-Headers", "*, Authorization")
    head.field("Access-Control-Max-Age", "600")
    return head
  }

  private static let methods = "GET, HEAD, POST, OPTIONS"
  private static let exposed = [("Access-Control-Expose-Headers", "X-Request-Id, Retry-After")]
}
