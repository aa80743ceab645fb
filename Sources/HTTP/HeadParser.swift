/// Reads a message's head, refusing whatever RFC 9112 lets a recipient refuse.
///
/// Leniency is how requests are smuggled: a bare LF, a folded line, a space before the colon or a stray control byte
/// means one thing to us and another to the next hop, so each of them is an error.
struct HeadParser {
  enum Kind {
    case request
    case response
  }

  private let bytes: [UInt8]
  private var position = 0

  /// - Parameter bytes: the head up to and including its empty line.
  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  static func parse(_ bytes: [UInt8], as kind: Kind) throws(HTTPError) -> MessageHead {
    var parser = HeadParser(bytes)
    let startLine = try kind == .request ? parser.requestLine() : parser.statusLine()
    var fields: [MessageHead.Field] = []
    while let field = try parser.field() { fields.append(field) }
    let head = MessageHead(bytes: bytes, startLine: startLine, fields: fields)
    if kind == .request {
      try checkHost(of: head)
      try checkTarget(of: head)
    }
    return head
  }

  /// The forms of RFC 9112, 3.2; the authority form is CONNECT's only, which nobody here serves.
  private static func checkTarget(of head: MessageHead) throws(HTTPError) {
    let target = head.target
    let scheme = target.prefix(8).lowercased()
    let isKnown =
      target.hasPrefix("/") || scheme.hasPrefix("http://") || scheme == "https://"
      || (target == "*" && head.method == "OPTIONS")
    if head.method == "CONNECT" { throw .malformed(status: 501, "this server is no tunnel") }
    if !isKnown { throw .bad("a target is a path, or begins with http://") }
  }

  private static func checkHost(of head: MessageHead) throws(HTTPError) {
    let hosts = head.values("host").count
    if hosts > 1 || (hosts == 0 && head.isVersion11) {
      throw .bad("a request needs exactly one Host field, this one has \(hosts)")
    }
  }

  private mutating func requestLine() throws(HTTPError) -> (
    MessageHead.Range, MessageHead.Range, MessageHead.Range
  ) {
    let method = try take("a method", while: isTokenByte)
    try skip(UInt8(ascii: " "), after: "the method")
    let target = try take("a target") { $0 > 0x20 && $0 != 0x7F }
    try skip(UInt8(ascii: " "), after: "the target")
    let version = try version()
    try lineEnd(after: "the request line")
    return (method, target, version)
  }

  private mutating func statusLine() throws(HTTPError) -> (
    MessageHead.Range, MessageHead.Range, MessageHead.Range
  ) {
    let version = try version()
    try skip(UInt8(ascii: " "), after: "the version")
    let status = try take("a status") { $0 &- UInt8(ascii: "0") < 10 }
    guard status.end - status.start == 3 else { throw .bad("a status has three digits") }
    if peek == UInt8(ascii: " ") { position += 1 }
    let reason = takeAny(while: isTextByte)
    try lineEnd(after: "the status line")
    return (version, status, reason)
  }

  private mutating func version() throws(HTTPError) -> MessageHead.Range {
    let range = try take("a version") { $0 > 0x20 && $0 != 0x7F }
    switch String(decoding: bytes[Int(range.start)..<Int(range.end)], as: UTF8.self) {
    case "HTTP/1.1", "HTTP/1.0": return range
    case let other where other.hasPrefix("HTTP/"):
      throw .malformed(status: 505, "this server speaks HTTP/1.1, not \(other)")
    default: throw .bad("the start line ends in no HTTP version")
    }
  }

  /// The next field; nil at the empty line.
  private mutating func field() throws(HTTPError) -> MessageHead.Field? {
    if peek == UInt8(ascii: "\r") {
      try lineEnd(after: "the fields")
      return nil
    }
    if peek == UInt8(ascii: " ") || peek == UInt8(ascii: "\t") {
      throw .bad("a field continues over two lines")
    }
    let name = try take("a field name", while: isTokenByte)
    try skip(UInt8(ascii: ":"), after: "the field name")
    _ = takeAny { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    var value = takeAny(while: isTextByte)
    while value.end > value.start, [0x20, 0x09].contains(bytes[Int(value.end) - 1]) { value.end -= 1 }
    try lineEnd(after: "a field")
    return MessageHead.Field(name: name, value: value)
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ what: String, while accept: (UInt8) -> Bool) throws(HTTPError)
    -> MessageHead.Range
  {
    let range = takeAny(while: accept)
    guard range.end > range.start else { throw .bad("expected \(what) at byte \(position)") }
    return range
  }

  private mutating func takeAny(while accept: (UInt8) -> Bool) -> MessageHead.Range {
    let start = position
    while position < bytes.count, accept(bytes[position]) { position += 1 }
    return MessageHead.Range(start: Int32(start), end: Int32(position))
  }

  private mutating func skip(_ byte: UInt8, after what: String) throws(HTTPError) {
    guard peek == byte else { throw .bad("a stray byte after \(what), at byte \(position)") }
    position += 1
  }

  private mutating func lineEnd(after what: String) throws(HTTPError) {
    guard position + 1 < bytes.count, bytes[position] == 0x0D, bytes[position + 1] == 0x0A else {
      throw .bad("a stray byte in \(what), at byte \(position); lines end in CR LF")
    }
    position += 2
  }
}

/// A byte of a token (RFC 9110, 5.6.2).
func isTokenByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"):
    true
  default: tokenMarks[Int(byte)]
  }
}

private let tokenMarks: [Bool] = (0...255).map { "!#$%&'*+-.^_`|~".utf8.contains($0) }

/// A byte of a field's value or a reason: a tab, or anything but control bytes.
func isTextByte(_ byte: UInt8) -> Bool {
  byte == 0x09 || (byte >= 0x20 && byte != 0x7F)
}
