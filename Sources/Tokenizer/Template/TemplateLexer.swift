/// A word or mark inside a tag.
struct TemplateToken: Equatable {
  enum Kind: Equatable {
    case name(String)
    case string(String)
    case integer(Int)
    case number(Double)
    case mark(String)
  }

  let kind: Kind
  let place: TemplatePlace

  /// As an error message shows it.
  var text: String {
    switch kind {
    case .name(let text), .mark(let text): text
    case .string(let text): "'\(text)'"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    }
  }
}

/// Cuts the inside of a tag into tokens.
struct TemplateLexer {
  let scalars: [Unicode.Scalar]
  var index: Int
  var place: TemplatePlace

  private static let longMarks = ["==", "!=", "<=", ">=", "//", "**"]
  private static let shortMarks = Set("()[]{}.,:|=<>+-*/%~".unicodeScalars)

  /// Whether the tag ends here: white space, perhaps `-` or `+`, and `closing`.
  mutating func atEnd(_ closing: String) -> Bool {
    skipSpace()
    let rest = scalars[index...]
    if rest.starts(with: closing.unicodeScalars) { return true }
    guard let first = rest.first, first == "-" || first == "+" else { return false }
    return rest.dropFirst().starts(with: closing.unicodeScalars)
  }

  /// The next token; nil at the end of the template.
  mutating func next() throws(ChatTemplateError) -> TemplateToken? {
    skipSpace()
    guard index < scalars.count else { return nil }
    let start = place
    let scalar = scalars[index]
    if scalar == "'" || scalar == "\"" {
      return TemplateToken(kind: .string(try string(scalar)), place: start)
    }
    if ScalarClass.isNumber(scalar) { return TemplateToken(kind: try number(start), place: start) }
    if Self.isNameStart(scalar) {
      return TemplateToken(
        kind: .name(take { Self.isNameStart($0) || ScalarClass.isNumber($0) }), place: start)
    }
    return TemplateToken(kind: .mark(try mark(start)), place: start)
  }

  private static func isNameStart(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || ScalarClass.isLetter(scalar)
  }

  private mutating func skipSpace() { _ = take(ScalarClass.isSpace) }

  private mutating func take(_ belongs: (Unicode.Scalar) -> Bool) -> String {
    var text = ""
    while index < scalars.count, belongs(scalars[index]) { text.unicodeScalars.append(advance()) }
    return text
  }

  private mutating func advance() -> Unicode.Scalar {
    let scalar = scalars[index]
    index += 1
    place.step(over: scalar)
    return scalar
  }

  private mutating func mark(_ start: TemplatePlace) throws(ChatTemplateError) -> String {
    for mark in Self.longMarks where scalars[index...].starts(with: mark.unicodeScalars) {
      _ = advance()
      _ = advance()
      return mark
    }
    let scalar = advance()
    guard Self.shortMarks.contains(scalar) else { throw start.fault("unexpected character '\(scalar)'") }
    return String(Character(scalar))
  }

  private mutating func number(_ start: TemplatePlace) throws(ChatTemplateError) -> TemplateToken.Kind {
    var literal = take(ScalarClass.isNumber)
    if index + 1 < scalars.count, scalars[index] == ".", ScalarClass.isNumber(scalars[index + 1]) {
      literal.unicodeScalars.append(advance())
      literal += take(ScalarClass.isNumber)
      if let value = Double(literal) { return .number(value) }
    }
    guard let value = Int(literal) else { throw start.fault("a number too large") }
    return .integer(value)
  }

  private mutating func string(_ quote: Unicode.Scalar) throws(ChatTemplateError) -> String {
    let start = place
    _ = advance()
    var text = ""
    while index < scalars.count {
      let scalar = advance()
      if scalar == quote { return text }
      text.unicodeScalars.append(scalar == "\\" && index < scalars.count ? try escape(start) : scalar)
    }
    throw start.fault("a string without its closing quote")
  }

  private mutating func escape(_ start: TemplatePlace) throws(ChatTemplateError) -> Unicode.Scalar {
    let scalar = advance()
    switch scalar {
    case "n": return "\n"
    case "t": return "\t"
    case "r": return "\r"
    case "\\", "'", "\"": return scalar
    default: throw start.fault("the escape \\\(scalar) is not supported")
    }
  }
}
