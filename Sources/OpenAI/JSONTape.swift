import CSimdJSON
import JSON

/// simdjson's parser with its present document.
///
/// A ``JSONElement`` points into that document, so elements live only inside the closure that ``parse(_:_:)`` calls,
/// which keeps all lifetimes in this file.
final class JSONTape {
  private let parser: OpaquePointer

  init() {
    guard let parser = csimdjson_new() else { fatalError("out of memory for a JSON parser") }
    self.parser = parser
  }

  deinit { csimdjson_free(parser) }

  /// Parses `bytes` and hands the root to `body`.
  ///
  /// - Throws: 400 with the fault's byte position for what is not JSON, and what `body` throws.
  func parse<Result>(
    _ bytes: [UInt8], _ body: (JSONElement) throws(APIError) -> Result
  ) throws(APIError) -> Result {
    var root = csimdjson_value()
    let code = bytes.withUnsafeBufferPointer { csimdjson_parse(parser, $0.baseAddress, $0.count, &root) }
    guard code == 0 else { throw Self.fault(in: bytes, code) }
    defer { withExtendedLifetime(self) {} }
    return try body(JSONElement(raw: root))
  }

  /// simdjson does not say where; the slow parser does.
  private static func fault(in bytes: [UInt8], _ code: Int32) -> APIError {
    var position = 0
    var reason = String(cString: csimdjson_message(code))
    do {
      _ = try JSONValue(parsing: bytes)
    } catch {
      reason = "\(error.reason) (line \(error.line), column \(error.column))"
      position = offset(of: error, in: bytes)
    }
    let location = "body.\(position)"
    return APIError(
      status: 400, type: "Bad Request",
      message:
        "1 validation error:\n  {'type': 'json_invalid', 'loc': '\(location)', 'msg': 'JSON decode error', "
        + "'input': '<dict of 0 items>', 'ctx': {'error': '\(reason)'}}",
      parameter: location)
  }

  private static func offset(of error: JSONError, in bytes: [UInt8]) -> Int {
    var lineStart = 0
    for _ in 1..<error.line { lineStart = (bytes[lineStart...].firstIndex(of: 0x0A) ?? lineStart) + 1 }
    return lineStart + error.column - 1
  }
}

/// A value of a parsed document.
struct JSONElement {
  fileprivate let raw: csimdjson_value

  var isNull: Bool { type == CSIMDJSON_NULL }

  var boolean: Bool? { type == CSIMDJSON_BOOL ? csimdjson_bool(raw) : nil }

  /// A whole number, also when it is written as `5.0`.
  var integer: Int? {
    switch type {
    case CSIMDJSON_INT: Int(csimdjson_int(raw))
    case CSIMDJSON_DOUBLE: Int(exactly: csimdjson_double(raw))
    default: nil
    }
  }

  var number: Double? {
    switch type {
    case CSIMDJSON_INT, CSIMDJSON_UINT, CSIMDJSON_DOUBLE: csimdjson_double(raw)
    default: nil
    }
  }

  var string: String? {
    guard type == CSIMDJSON_STRING else { return nil }
    var length = 0
    return Self.text(csimdjson_string(raw, &length), length)
  }

  /// Calls `body` with the bytes of a string; not at all for anything else.
  func withText(_ body: (UnsafeRawBufferPointer) -> Void) {
    guard type == CSIMDJSON_STRING else { return }
    var length = 0
    let start = csimdjson_string(raw, &length)
    body(UnsafeRawBufferPointer(start: start, count: length))
  }

  var elements: [JSONElement]? {
    guard type == CSIMDJSON_ARRAY else { return nil }
    var elements: [JSONElement] = []
    forEach { _, element in elements.append(element) }
    return elements
  }

  /// Whether it is an array or an object.
  var isContainer: Bool { isObject || type == CSIMDJSON_ARRAY }

  var isObject: Bool { type == CSIMDJSON_OBJECT }

  /// Calls `body` for each element of an array, or each member of an object with its key.
  func forEach(_ body: (_ key: UnsafeRawBufferPointer, _ element: JSONElement) -> Void) {
    var cursor = csimdjson_walk(raw)
    var key: UnsafePointer<CChar>?
    var length = 0
    var value = csimdjson_value()
    while csimdjson_next(&cursor, &key, &length, &value) {
      body(UnsafeRawBufferPointer(start: key, count: length), JSONElement(raw: value))
    }
  }

  /// The value with all that it holds, copied.
  var copied: JSONValue {
    switch type {
    case CSIMDJSON_BOOL: return .bool(csimdjson_bool(raw))
    case CSIMDJSON_INT: return .integer(Int(csimdjson_int(raw)))
    case CSIMDJSON_UINT, CSIMDJSON_DOUBLE: return .number(csimdjson_double(raw))
    case CSIMDJSON_STRING: return .string(string ?? "")
    case CSIMDJSON_ARRAY: return .array((elements ?? []).map(\.copied))
    case CSIMDJSON_OBJECT:
      var members: [JSONMember] = []
      forEach { members.append(JSONMember(String(decoding: $0, as: UTF8.self), $1.copied)) }
      return .object(members)
    default: return .null
    }
  }

  /// Whether it says nothing, as an option that is off or an empty collection does.
  var isNeutral: Bool {
    switch type {
    case CSIMDJSON_BOOL: !csimdjson_bool(raw)
    case CSIMDJSON_ARRAY, CSIMDJSON_OBJECT: count == 0
    case CSIMDJSON_STRING: string?.isEmpty == true
    case CSIMDJSON_INT, CSIMDJSON_UINT, CSIMDJSON_DOUBLE: false
    default: true
    }
  }

  /// How vLLM's messages show a rejected input.
  var excerpt: String {
    switch type {
    case CSIMDJSON_BOOL: return csimdjson_bool(raw) ? "True" : "False"
    case CSIMDJSON_INT: return "\(csimdjson_int(raw))"
    case CSIMDJSON_UINT, CSIMDJSON_DOUBLE: return "\(csimdjson_double(raw))"
    case CSIMDJSON_STRING:
      let text = string ?? ""
      return text.utf8.count > 64 ? "'\(text.prefix(60))…'" : "'\(text)'"
    case CSIMDJSON_ARRAY: return "<list of \(count) items>"
    case CSIMDJSON_OBJECT: return "<dict of \(count) items>"
    default: return "None"
    }
  }

  private var count: Int {
    var count = 0
    forEach { _, _ in count += 1 }
    return count
  }

  private var type: csimdjson_type { csimdjson_type_of(raw) }

  private static func text(_ start: UnsafePointer<CChar>, _ length: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
  }
}
