extension Value {
  /// This value as JSON; with an indent it is spread over lines, else it is one line.
  public func json(indent: Int? = nil) -> String {
    var text = ""
    write(to: &text, indent: indent, depth: 0)
    return text
  }

  private func write(to text: inout String, indent: Int?, depth: Int) {
    switch self {
    case .null: text += "null"
    case .boolean(let flag): text += flag ? "true" : "false"
    case .integer(let number): text += String(number)
    case .number(let number): text += number.isFinite ? Self.decimal(number) : "null"
    case .text(let string): Self.writeQuoted(string, to: &text)
    case .list(let values):
      Self.writeItems(values, "[", "]", to: &text, indent, depth) { value, text in
        value.write(to: &text, indent: indent, depth: depth + 1)
      }
    case .map(let members):
      Self.writeItems(members, "{", "}", to: &text, indent, depth) { member, text in
        Self.writeQuoted(member.key, to: &text)
        text += indent == nil ? ":" : ": "
        member.value.write(to: &text, indent: indent, depth: depth + 1)
      }
    }
  }

  private static func writeItems<Item>(
    _ items: [Item], _ open: String, _ close: String, to text: inout String, _ indent: Int?, _ depth: Int,
    _ writeItem: (Item, inout String) -> Void
  ) {
    func newline(_ depth: Int) -> String {
      indent.map { "\n" + String(repeating: " ", count: $0 * depth) } ?? ""
    }
    text += open
    for (position, item) in items.enumerated() {
      text += (position > 0 ? "," : "") + newline(depth + 1)
      writeItem(item, &text)
    }
    text += (items.isEmpty ? "" : newline(depth)) + close
  }

  /// A whole double is written without its `.0`, as every JSON reader takes it back as the same number.
  static func decimal(_ number: Double) -> String {
    let text = number.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  private static func writeQuoted(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case let control
      where control.value < 0x20 || control.value == 0x7f || (0x80..<0xa0).contains(control.value):
        let digits = String(control.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
