/// The values of a JSON text in the order in which they begin, each with the place of what follows it.
///
/// A flat list in place of a tree: nothing is allocated for a value, and what nobody asks for is stepped over.
final class JSONTokens: Sendable {
  /// A value, or an object's key.
  struct Token: Sendable {
    enum Kind: UInt8, Sendable { case null, yes, no, number, string, array, object }

    var kind: Kind
    /// Whether a string has escapes in it.
    var isEscaped = false
    /// Where its bytes begin; those of a string behind the quote.
    var start: Int32
    /// Where they end; those of a string before the quote.
    var end: Int32
    /// The token behind it and all that is in it.
    var next: Int32 = 0
  }

  let bytes: [UInt8]
  let tokens: [Token]

  /// Reads a text.
  init(_ bytes: [UInt8], maximumDepth: Int = 128) throws(JSONError) {
    var scanner = JSONScanner(bytes: bytes, depthLeft: maximumDepth)
    try scanner.document()
    self.bytes = bytes
    tokens = scanner.tokens
  }

  /// A string's text.
  func text(_ token: Token) throws(JSONError) -> String {
    guard token.isEscaped else {
      return String(decoding: bytes[Int(token.start)..<Int(token.end)], as: UTF8.self)
    }
    var parser = JSONParser(bytes: bytes, depthLeft: 1)
    parser.index = Int(token.start) - 1
    return try parser.string()
  }

  /// A number's value; nil when it is too large.
  func number(_ token: Token) -> Double? {
    Double(String(decoding: bytes[Int(token.start)..<Int(token.end)], as: UTF8.self))
  }

  /// A number's value where it is whole.
  func integer<Value: FixedWidthInteger>(_ token: Token) -> Value? {
    var value: Value = 0
    let isNegative = bytes[Int(token.start)] == UInt8(ascii: "-")
    for index in Int(token.start) + (isNegative ? 1 : 0)..<Int(token.end) {
      let byte = bytes[index]
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else {
        // A whole number may be written with a point or an exponent.
        return number(token).flatMap { Value(exactly: $0) }
      }
      let digit = Value(truncatingIfNeeded: byte - UInt8(ascii: "0"))
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) =
        isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
      guard !overflow, !carry else { return nil }
      value = sum
    }
    return value
  }
}

/// Finds the tokens of a text, strictly by RFC 8259.
private struct JSONScanner {
  let bytes: [UInt8]
  var depthLeft: Int
  var tokens: [JSONTokens.Token] = []
  private var index = 0

  init(bytes: [UInt8], depthLeft: Int) {
    self.bytes = bytes
    self.depthLeft = depthLeft
    tokens.reserveCapacity(bytes.count / 12)
  }

  mutating func document() throws(JSONError) {
    guard bytes.count < Int(Int32.max) else { throw fault("a text of more than 2 GiB") }
    skipSpace()
    try value()
    skipSpace()
    guard index == bytes.count else { throw fault("text after the value") }
  }

  private mutating func value() throws(JSONError) {
    guard index < bytes.count else { throw fault("the text ends where a value should be") }
    let place = tokens.count
    switch bytes[index] {
    case UInt8(ascii: "{"): try members()
    case UInt8(ascii: "["): try elements()
    case UInt8(ascii: "\""): try string()
    case UInt8(ascii: "t"): try literal("true", .yes)
    case UInt8(ascii: "f"): try literal("false", .no)
    case UInt8(ascii: "n"): try literal("null", .null)
    default: try number()
    }
    tokens[place].next = Int32(tokens.count)
  }

  private mutating func members() throws(JSONError) {
    try open(.object)
    if take("}") { return close() }
    while true {
      guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { throw fault("expected a key") }
      let key = tokens.count
      try string()
      tokens[key].next = Int32(tokens.count)
      skipSpace()
      guard take(":") else { throw fault("expected ':'") }
      skipSpace()
      try value()
      skipSpace()
      if take("}") { return close() }
      guard take(",") else { throw fault("expected ',' or '}'") }
      skipSpace()
    }
  }

  private mutating func elements() throws(JSONError) {
    try open(.array)
    if take("]") { return close() }
    while true {
      try value()
      skipSpace()
      if take("]") { return close() }
      guard take(",") else { throw fault("expected ',' or ']'") }
      skipSpace()
    }
  }

  private mutating func open(_ kind: JSONTokens.Token.Kind) throws(JSONError) {
    guard depthLeft > 0 else { throw fault("nested too deeply") }
    depthLeft -= 1
    tokens.append(.init(kind: kind, start: Int32(index), end: Int32(index)))
    index += 1
    skipSpace()
  }

  private mutating func close() { depthLeft += 1 }

  private mutating func string() throws(JSONError) {
    index += 1
    let start = index
    var isEscaped = false
    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
      guard bytes[index] >= 0x20 else { throw fault("a control character in a string") }
      if bytes[index] == UInt8(ascii: "\\") {
        isEscaped = true
        index += 1
      }
      index += 1
    }
    guard index < bytes.count else { throw fault("a string without its closing quote") }
    tokens.append(.init(kind: .string, isEscaped: isEscaped, start: Int32(start), end: Int32(index)))
    index += 1
  }

  private mutating func literal(_ word: StaticString, _ kind: JSONTokens.Token.Kind) throws(JSONError) {
    let start = index
    let matches = word.withUTF8Buffer { bytes[index...].starts(with: $0) }
    guard matches else { throw fault("expected a value") }
    index += word.utf8CodeUnitCount
    tokens.append(.init(kind: kind, start: Int32(start), end: Int32(index)))
  }

  private mutating func number() throws(JSONError) {
    let start = index
    _ = take("-")
    let whole = index
    try digits()
    if bytes[whole] == UInt8(ascii: "0"), index > whole + 1 { throw fault("a leading zero") }
    if take(".") { try digits() }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      try digits()
    }
    tokens.append(.init(kind: .number, start: Int32(start), end: Int32(index)))
  }

  private mutating func digits() throws(JSONError) {
    let start = index
    while index < bytes.count, bytes[index] >= UInt8(ascii: "0"), bytes[index] <= UInt8(ascii: "9") {
      index += 1
    }
    guard index > start else { throw fault("expected a value") }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  private mutating func skipSpace() {
    while index < bytes.count {
      let byte = bytes[index]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      index += 1
    }
  }

  private func fault(_ reason: String) -> JSONError {
    JSONError.at(min(index, bytes.count), in: bytes, reason)
  }
}
