import JSON

/// JSON values as YAML in blocks, which every reader of YAML 1.1 and 1.2 takes back as the same values.
enum YAMLText {
  /// A document, without `---`.
  static func document(_ value: JSONValue) -> String {
    var text = ""
    write(value, indent: 0, to: &text)
    return text.hasPrefix("\n") ? String(text.dropFirst()) : String(text.drop { $0 == " " })
  }

  /// Writes what stands behind a `key:` or a `-`: a scalar on the same line, or a block below.
  private static func write(_ value: JSONValue, indent: Int, to text: inout String) {
    let margin = "\n" + String(repeating: " ", count: indent)
    switch value {
    case .object(let members) where !members.isEmpty:
      for member in members {
        text += margin + scalar(member.name) + ":"
        write(member.value, indent: indent + 2, to: &text)
      }
    case .array(let elements) where !elements.isEmpty:
      for element in elements {
        var block = ""
        write(element, indent: indent + 2, to: &block)
        // The first line of a block stands behind the dash.
        text += margin + "-" + (block.hasPrefix("\n") ? " " + String(block.dropFirst(indent + 3)) : block)
      }
    default: text += " " + scalar(value)
    }
    if indent == 0 { text += "\n" }
  }

  private static func scalar(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let flag): flag ? "true" : "false"
    case .integer(let number): String(number)
    case .number(let number): number.description
    case .string(let string): scalar(string)
    case .array: "[]"
    case .object: "{}"
    }
  }

  /// Words that cannot be taken for anything else stand plain, all other text in JSON's quotes.
  private static func scalar(_ string: String) -> String {
    guard let first = string.utf8.first, isLetter(first), string.utf8.allSatisfy(isPlain),
      !reserved.contains(string.lowercased())
    else { return json(string, isPretty: false) }
    return string
  }

  private static let reserved: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-._".utf8.contains(byte)
  }
}
