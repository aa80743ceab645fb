extension JSONValue {
  /// Reads one JSON text, strictly by RFC 8259: UTF-8, no comments, no trailing commas, nothing after the value.
  ///
  /// - Parameter maximumDepth: how deep arrays and objects may nest.
  /// - Throws: ``JSONError`` with the line and column of the fault.
  public init(parsing bytes: [UInt8], maximumDepth: Int = 128) throws(JSONError) {
    var parser = JSONParser(bytes: bytes, depthLeft: maximumDepth)
    self = try parser.document()
  }

  /// Reads one JSON text.
  public init(parsing text: String) throws(JSONError) { try self.init(parsing: Array(text.utf8)) }
}

/// A recursive-descent reader over bytes.
struct JSONParser {
  let bytes: [UInt8]
  var depthLeft: Int
  var index = 0

  init(bytes: [UInt8], depthLeft: Int) {
    self.bytes = bytes
    self.depthLeft = depthLeft
  }

  mutating func document() throws(JSONError) -> JSONValue {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw fault("a byte order mark before the value") }
    let value = try value()
    skipSpace()
    guard index == bytes.count else { throw fault("text after the value") }
    return value
  }

  private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
  }

  private mutating func value() throws(JSONError) -> JSONValue {
    skipSpace()
    guard let byte = next else { throw fault("the text ends where a value should be") }
    switch byte {
    case UInt8(ascii: "{"): return .object(try members())
    case UInt8(ascii: "["): return .array(try elements())
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw fault("expected a value")
    }
  }

  private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    let matches = word.withUTF8Buffer { bytes[index...].starts(with: $0) }
    guard matches else { throw fault("expected a value") }
    index += word.utf8CodeUnitCount
    return value
  }

  private mutating func descend() throws(JSONError) {
    guard depthLeft > 0 else { throw fault("nested too deeply") }
    depthLeft -= 1
    index += 1
    skipSpace()
  }

  private mutating func elements() throws(JSONError) -> [JSONValue] {
    try descend()
    defer { depthLeft += 1 }
    var elements: [JSONValue] = []
    if take(UInt8(ascii: "]")) { return elements }
    repeat { elements.append(try value()) } while try separator(or: UInt8(ascii: "]"))
    return elements
  }

  private mutating func members() throws(JSONError) -> [JSONMember] {
    try descend()
    defer { depthLeft += 1 }
    var members: [JSONMember] = []
    if take(UInt8(ascii: "}")) { return members }
    repeat { members.append(try member()) } while try separator(or: UInt8(ascii: "}"))
    return members
  }

  private mutating func member() throws(JSONError) -> JSONMember {
    skipSpace()
    guard next == UInt8(ascii: "\"") else { throw fault("expected a member's name in double quotes") }
    let name = try string()
    skipSpace()
    guard take(UInt8(ascii: ":")) else { throw fault("expected ':'") }
    return JSONMember(name, try value())
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    index += 1
    return true
  }

  /// Whether another element follows, rather than `closing`.
  private mutating func separator(or closing: UInt8) throws(JSONError) -> Bool {
    skipSpace()
    if take(closing) { return false }
    guard take(UInt8(ascii: ",")) else {
      throw fault("expected ',' or '\(Character(Unicode.Scalar(closing)))'")
    }
    return true
  }

  func fault(_ reason: String, at place: Int? = nil) -> JSONError {
    .at(place ?? index, in: bytes, reason)
  }
}
