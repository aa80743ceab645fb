/// What an unquoted scalar is, and whether YAML 1.1 readers (PyYAML, hence Ray) and 1.2 readers disagree about it.
enum PlainScalar: Equatable {
  case null
  case boolean(Bool)
  /// `yes`, `no`, `on`, `off`, `y`, `n`: a flag in YAML 1.1, text in 1.2.
  case oldBoolean(Bool)
  case integer(Int)
  /// A whole number beyond 64 bits.
  case hugeInteger
  case number(Double)
  /// `1e3`: a number in YAML 1.2, text in 1.1.
  case exponent(Double)
  /// `017` is 15 in YAML 1.1 and 17 in 1.2; `0o17` is text in 1.1 and 15 in 1.2.
  case octal(old: Int?, new: Int)
  /// `12:30` is 750 in YAML 1.1 and text in 1.2.
  case sexagesimal(Int)
  /// `1_000` is 1000 in YAML 1.1 and text in 1.2.
  case grouped(Int)
  case text

  init(_ text: String) {
    self = Self.word(text) ?? Self.wholeNumber(text) ?? Self.fraction(text) ?? .text
  }

  /// What it is, in words for messages.
  var kind: String {
    switch self {
    case .null: "nothing"
    case .boolean, .oldBoolean: "a boolean"
    case .integer, .hugeInteger, .octal, .sexagesimal, .grouped: "an integer"
    case .number, .exponent: "a number"
    case .text: "a string"
    }
  }

  private static func word(_ text: String) -> PlainScalar? {
    switch text {
    case "", "~", "null", "Null", "NULL": .null
    case "true", "True", "TRUE": .boolean(true)
    case "false", "False", "FALSE": .boolean(false)
    case "yes", "Yes", "YES", "on", "On", "ON", "y", "Y": .oldBoolean(true)
    case "no", "No", "NO", "off", "Off", "OFF", "n", "N": .oldBoolean(false)
    default: nil
    }
  }

  private static func wholeNumber(_ text: String) -> PlainScalar? {
    let isNegative = text.hasPrefix("-")
    let body = isNegative || text.hasPrefix("+") ? text.dropFirst() : text[...]
    func signed(_ value: Int?) -> Int? { value.map { isNegative ? -$0 : $0 } }
    if body.hasPrefix("0x") { return signed(digits(body.dropFirst(2), radix: 16)).map { .integer($0) } }
    if body.hasPrefix("0o") {
      return signed(digits(body.dropFirst(2), radix: 8)).map { .octal(old: nil, new: $0) }
    }
    if body.contains(":") { return signed(sixties(body)).map { .sexagesimal($0) } }
    if body.contains("_"), body.first != "_" {
      return signed(digits(body.filter { $0 != "_" }[...], radix: 10)).map { .grouped($0) }
    }
    guard !body.isEmpty, body.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    guard let value = signed(digits(body, radix: 10)) else { return .hugeInteger }
    guard body.count > 1, body.first == "0" else { return .integer(value) }
    return .octal(old: signed(digits(body, radix: 8)), new: value)
  }

  private static func digits(_ text: Substring, radix: Int) -> Int? {
    guard let first = text.first, first != "+", first != "-" else { return nil }
    return Int(text, radix: radix)
  }

  private static func sixties(_ text: Substring) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count > 1, parts[0].first != "0" || parts[0] == "0" else { return nil }
    var total = 0
    for (position, part) in parts.enumerated() {
      guard let value = digits(part, radix: 10), position == 0 || value < 60, part.count <= 9 else {
        return nil
      }
      let (scaled, overflow) = total.multipliedReportingOverflow(by: 60)
      guard !overflow, scaled < .max - value else { return nil }
      total = scaled + value
    }
    return total
  }

  private static func fraction(_ text: String) -> PlainScalar? {
    switch text.lowercased() {
    case ".inf", "+.inf": return .number(.infinity)
    case "-.inf": return .number(-.infinity)
    case ".nan": return .number(.nan)
    default: break
    }
    let allowed = text.utf8.allSatisfy { (48...57).contains($0) || "+-.eE".utf8.contains($0) }
    guard allowed, text.utf8.contains(where: { (48...57).contains($0) }) else { return nil }
    let padded = text.hasPrefix(".") ? "0" + text : text
    guard let value = Double(padded.hasSuffix(".") ? padded + "0" : padded) else { return nil }
    let hasExponent = text.utf8.contains { $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") }
    // PyYAML wants a dot before an exponent and a sign after the e; without them it reads text.
    let readAlike = !hasExponent || (text.contains(".") && (text.contains("e+") || text.contains("e-")))
    return readAlike ? .number(value) : .exponent(value)
  }
}
