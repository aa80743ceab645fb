import JSON

/// Python's views of a value, which Jinja shows through.
enum TemplateText {
  /// What `{{ value }}` prints; nil for arrays and objects, whose Python spelling no template should rely on.
  static func print(_ value: JSONValue) -> String? {
    switch value {
    case .null: "None"
    case .bool(let value): value ? "True" : "False"
    case .integer(let value): String(value)
    case .number(let value): String(value)
    case .string(let text): text
    case .array, .object: nil
    }
  }

  /// Whether `value` counts as true: not empty, not zero.
  static func isTrue(_ value: JSONValue?) -> Bool {
    switch value {
    case nil, .null?: false
    case .bool(let value)?: value
    case .integer(let value)?: value != 0
    case .number(let value)?: value != 0
    case .string(let text)?: !text.isEmpty
    case .array(let elements)?: !elements.isEmpty
    case .object(let members)?: !members.isEmpty
    }
  }

  /// What a loop goes through: elements, the names of an object, or the characters of a string.
  static func elements(_ value: JSONValue) -> [JSONValue]? {
    switch value {
    case .array(let elements): elements
    case .object(let members): members.map { .string($0.name) }
    case .string(let text): text.unicodeScalars.map { .string(String($0)) }
    default: nil
    }
  }

  /// `json.dumps(value, ensure_ascii=False)`, with `indent` spaces a level when given.
  static func json(_ value: JSONValue, indent: Int? = nil, level: Int = 0) -> String {
    let opening = indent.map { "\n" + String(repeating: " ", count: $0 * (level + 1)) } ?? ""
    let closing = indent.map { "\n" + String(repeating: " ", count: $0 * level) } ?? ""
    let separator = indent == nil ? ", " : "," + opening
    switch value {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .integer(let value): return String(value)
    case .number(let value): return String(value)
    case .string(let text): return quoted(text)
    case .array(let elements):
      if elements.isEmpty { return "[]" }
      let parts = elements.map { json($0, indent: indent, level: level + 1) }
      return "[" + opening + parts.joined(separator: separator) + closing + "]"
    case .object(let members):
      if members.isEmpty { return "{}" }
      let parts = members.map { quoted($0.name) + ": " + json($0.value, indent: indent, level: level + 1) }
      return "{" + opening + parts.joined(separator: separator) + closing + "}"
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{8}": result += "\\b"
      case "\u{C}": result += "\\f"
      case ..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// `text` without the scalars of `set` (white space by default) at its ends.
  static func stripped(_ text: String, of set: String? = nil, left: Bool = true, right: Bool = true) -> String
  {
    let belongs: (Unicode.Scalar) -> Bool = { scalar in
      set.map { $0.unicodeScalars.contains(scalar) } ?? scalar.properties.isWhitespace
    }
    var rest = text.unicodeScalars[...]
    if left { rest = rest.drop(while: belongs) }
    if right { while let last = rest.last, belongs(last) { rest.removeLast() } }
    return String(rest)
  }
}
