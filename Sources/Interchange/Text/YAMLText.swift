import Manifest

/// A manifest's value; literals below have a `Value` of their own.
typealias FieldValue = Value

/// A YAML value with remarks, to be written in block style.
indirect enum YAMLText: Sendable, Equatable {
  case scalar(FieldValue)
  /// A scalar in the spelling of another file.
  case plain(String)
  /// Text of several lines, as it is.
  case block(String)
  case list([YAMLText])
  case map([Member])
  /// A value with remarks above its key.
  case noted(String, YAMLText)

  /// A key with its value.
  struct Member: Sendable, Equatable {
    let key: String
    let value: YAMLText
  }

  /// A value of a manifest.
  init(_ value: FieldValue) {
    switch value {
    case .list(let items): self = .list(items.map(YAMLText.init))
    case .map(let members): self = .map(members.map { Member(key: $0.key, value: YAMLText($0.value)) })
    default: self = .scalar(value)
    }
  }

  /// Text as a scalar.
  static func text(_ text: String) -> YAMLText { .scalar(.text(text)) }

  /// This map with another member at its end; an absent value adds nothing.
  func adding(_ key: String, _ value: YAMLText?) -> YAMLText {
    guard case .map(let members) = self, let value else { return self }
    return .map(members + [Member(key: key, value: value)])
  }

  /// The document, each line ended.
  var document: String {
    var lines: [String] = []
    write(to: &lines, indent: 0)
    return lines.map { $0 + "\n" }.joined()
  }

  /// Text as a comment: a line of the comment for each of the text.
  static func comment(_ text: String, indent: Int = 0) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      String(repeating: " ", count: indent) + (line.isEmpty ? "#" : "# \(line)")
    }
  }
}

// Writing.
extension YAMLText {
  private func write(to lines: inout [String], indent: Int) {
    switch bare {
    case .map(let members): for member in members { Self.write(member, to: &lines, indent: indent) }
    case .list(let items): for item in items { Self.write(item, to: &lines, indent: indent) }
    case .scalar, .plain, .block, .noted: lines.append(inline)
    }
  }

  private static func write(_ member: Member, to lines: inout [String], indent: Int) {
    let space = String(repeating: " ", count: indent)
    if case .noted(let remark, _) = member.value { lines += comment(remark, indent: indent) }
    let value = member.value.bare
    let key = PlainText.isSafe(member.key) ? member.key : FieldValue.text(member.key).json()
    switch value {
    case .map(let members) where !members.isEmpty:
      lines.append("\(space)\(key):")
      value.write(to: &lines, indent: indent + 2)
    case .list(let items) where !items.isEmpty:
      lines.append("\(space)\(key):")
      value.write(to: &lines, indent: indent + 2)
    case .block(let text):
      lines.append("\(space)\(key): \(text.hasSuffix("\n") ? "|" : "|-")")
      lines += blockLines(text, indent: indent + 2)
    default: lines.append("\(space)\(key): \(value.inline)")
    }
  }

  /// An item's first line stands beside its dash.
  private static func write(_ item: YAMLText, to lines: inout [String], indent: Int) {
    let space = String(repeating: " ", count: indent)
    if case .noted(let remark, _) = item { lines += comment(remark, indent: indent) }
    switch item.bare {
    case .block(let text):
      lines.append("\(space)- \(text.hasSuffix("\n") ? "|" : "|-")")
      lines += blockLines(text, indent: indent + 2)
    case .map(let members) where !members.isEmpty:
      var below: [String] = []
      item.bare.write(to: &below, indent: indent + 2)
      let first = below.firstIndex { !$0.drop { $0 == " " }.hasPrefix("#") } ?? 0
      lines += below[..<first]
      lines.append("\(space)- \(below[first].dropFirst(indent + 2))")
      lines += below[(first + 1)...]
    default: lines.append("\(space)- \(item.bare.inline)")
    }
  }

  private static func blockLines(_ text: String, indent: Int) -> [String] {
    let body = text.hasSuffix("\n") ? text.dropLast() : text[...]
    return body.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.isEmpty ? "" : String(repeating: " ", count: indent) + line
    }
  }

  /// The value without its remarks.
  private var bare: YAMLText {
    if case .noted(_, let value) = self { value.bare } else { self }
  }

  private var inline: String {
    switch self {
    case .scalar(.text(let text)): PlainText.isSafe(text) ? text : FieldValue.text(text).json()
    case .scalar(let value): value.json()
    case .plain(let text): text.isEmpty ? "null" : text
    case .list(let items): "[" + items.map(\.bare.inline).joined(separator: ", ") + "]"
    case .map(let members):
      "{"
        + members.map { "\(FieldValue.text($0.key).json()): \($0.value.bare.inline)" }.joined(
          separator: ", ")
        + "}"
    case .block(let text): FieldValue.text(text).json()
    case .noted(_, let value): value.bare.inline
    }
  }
}

/// Which texts mean themselves to every YAML reader, without quotes.
enum PlainText {
  private static let words: Set = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]

  static func isSafe(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first, isLetter(first) || first == "/" else { return false }
    return !words.contains(text.lowercased())
      && text.unicodeScalars.allSatisfy {
        isLetter($0) || ("0"..."9").contains($0) || "_./@%+-".unicodeScalars.contains($0)
      }
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
  }
}

extension YAMLText: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  init(stringLiteral text: String) { self = .scalar(.text(text)) }
}

extension YAMLText: ExpressibleByIntegerLiteral {
  init(integerLiteral number: Int) { self = .scalar(.integer(number)) }
}

extension YAMLText: ExpressibleByBooleanLiteral {
  init(booleanLiteral flag: Bool) { self = .scalar(.boolean(flag)) }
}

extension YAMLText: ExpressibleByArrayLiteral {
  init(arrayLiteral items: YAMLText...) { self = .list(items) }
}

extension YAMLText: ExpressibleByDictionaryLiteral {
  init(dictionaryLiteral members: (String, YAMLText)...) {
    self = .map(members.map { Member(key: $0.0, value: $0.1) })
  }
}
