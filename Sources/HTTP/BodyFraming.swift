/// How a message's body is delimited (RFC 9112, 6.3).
enum BodyFraming: Equatable {
  case length(Int)
  case chunked
  case untilClose

  /// The framing of a request.
  static func request(_ head: MessageHead) throws(HTTPError) -> BodyFraming {
    try declared(head) ?? .length(0)
  }

  /// The framing of the response to a request with `method`.
  static func response(_ head: MessageHead, to method: String) throws(HTTPError) -> BodyFraming {
    let status = head.status
    if method == "HEAD" || status == 204 || status == 304 || (100..<200).contains(status) {
      return .length(0)
    }
    return try declared(head) ?? .untilClose
  }

  private static func declared(_ head: MessageHead) throws(HTTPError) -> BodyFraming? {
    let lengths = head.values("content-length")
    let codings = head.values("transfer-encoding")
    if !codings.isEmpty {
      guard lengths.isEmpty else { throw .bad("Content-Length and Transfer-Encoding exclude each other") }
      guard head.isVersion11 else { throw .bad("HTTP/1.0 knows no Transfer-Encoding") }
      guard codings.count == 1, codings[0].lowercased() == "chunked" else {
        throw .malformed(status: 501, "the only Transfer-Encoding served is chunked")
      }
      return .chunked
    }
    guard let first = lengths.first else { return nil }
    guard lengths.count == 1 else { throw .bad("more than one Content-Length") }
    guard !first.isEmpty, first.utf8.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }), let length = Int(first)
    else {
      throw .bad("Content-Length is not a number: \(first)")
    }
    return .length(length)
  }
}
