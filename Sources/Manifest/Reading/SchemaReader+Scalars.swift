extension SchemaReader {
  /// The node as a value of the field's kind; what is wrong is reported and gives nil.
  mutating func convert(_ node: YAMLNode, _ field: Field, path: String) -> Value? {
    if case .anything = field.kind { return Self.freeValue(node) }
    if case .texts = field.kind { return texts(node, field, path) }
    guard case .scalar(let text, let isPlain) = node.content else {
      return wrongType(node, field, path)
    }
    switch field.kind {
    case .boolean: return boolean(node, text, isPlain, field, path)
    case .integer(let range): return integer(node, text, isPlain, range, field, path)
    case .humanInteger(let range, let words):
      if let word = words[text.lowercased()] { return word }
      if let value = Self.human(text) { return inRange(.integer(value), value, range, node, path) }
      return integer(node, text, isPlain, range, field, path)
    case .number(let range, let excludesLower):
      return number(node, text, isPlain, range, excludesLower, field, path)
    case .size: return size(node, text, field, path)
    case .choice(let words, let later): return choice(node, text, words, later, path)
    default: return plainText(node, text, isPlain, field, path)
    }
  }

  private mutating func wrongType(_ node: YAMLNode, _ field: Field, _ path: String, help: String? = nil)
    -> Value?
  {
    diagnostics.report(
      .wrongType, "`\(path)` must be \(Self.article(field.kind)), found \(node.kind)", at: node.span,
      help: help)
    return nil
  }

  private mutating func boolean(
    _ node: YAMLNode, _ text: String, _ isPlain: Bool, _ field: Field, _ path: String
  )
    -> Value?
  {
    switch isPlain ? PlainScalar(text) : .text {
    case .boolean(let flag): return .boolean(flag)
    case .oldBoolean(let flag):
      diagnostics.report(
        .ambiguousScalar, "`\(text)` is read as `\(flag)`", at: node.span,
        note: "YAML 1.1 reads it as a boolean, YAML 1.2 as a string", help: "write `\(flag)`")
      return .boolean(flag)
    default:
      let known = ["true": "true", "false": "false", "1": "true", "0": "false"][text.lowercased()]
      return wrongType(node, field, path, help: known.map { "write `\($0)`, without quotes" })
    }
  }

  private mutating func integer(
    _ node: YAMLNode, _ text: String, _ isPlain: Bool, _ range: ClosedRange<Int>, _ field: Field,
    _ path: String
  ) -> Value? {
    guard isPlain else {
      let isNumber = if case .integer = PlainScalar(text) { true } else { false }
      return wrongType(node, field, path, help: isNumber ? "remove the quotes" : nil)
    }
    switch PlainScalar(text) {
    case .integer(let value): return inRange(.integer(value), value, range, node, path)
    case .hugeInteger:
      diagnostics.report(
        .badValue, "`\(path)` must be \(FieldKind.bounds(range)), found \(text)", at: node.span)
      return nil
    case .octal(let old, let new):
      return ambiguous(
        node, text, path, Self.octalNote(old, new), "write `\(new)`" + (old.map { " or `\($0)`" } ?? ""))
    case .sexagesimal(let value):
      return ambiguous(
        node, text, path, "YAML 1.1 reads it as \(value), YAML 1.2 as a string", "write `\(value)`")
    case .grouped(let value):
      return ambiguous(
        node, text, path, "YAML 1.1 reads it as \(value), YAML 1.2 as a string", "write `\(value)`")
    case .exponent(let value), .number(let value):
      let whole = Int(exactly: value).map { "write `\($0)`" }
      return wrongType(node, field, path, help: whole)
    default: return wrongType(node, field, path)
    }
  }

  private static func octalNote(_ old: Int?, _ new: Int) -> String {
    "YAML 1.1 reads it as \(old.map(String.init) ?? "a string"), YAML 1.2 as \(new)"
  }

  /// A scalar that means two things where a number must stand: an error, as a guess would be wrong for someone.
  private mutating func ambiguous(
    _ node: YAMLNode, _ text: String, _ path: String, _ note: String, _ help: String
  )
    -> Value?
  {
    diagnostics.report(
      .ambiguousScalar, "`\(text)` is not the same number to every YAML reader", at: node.span, note: note,
      help: help,
      severity: .error)
    return nil
  }

  private mutating func inRange(
    _ value: Value, _ number: Int, _ range: ClosedRange<Int>, _ node: YAMLNode, _ path: String
  ) -> Value? {
    if range.contains(number) { return value }
    diagnostics.report(
      .badValue, "`\(path)` must be \(FieldKind.bounds(range)), found \(number)", at: node.span)
    return nil
  }

  private mutating func number(
    _ node: YAMLNode, _ text: String, _ isPlain: Bool, _ range: ClosedRange<Double>, _ excludesLower: Bool,
    _ field: Field, _ path: String
  ) -> Value? {
    let value: Double
    switch isPlain ? PlainScalar(text) : .text {
    case .integer(let whole): value = Double(whole)
    case .number(let given), .exponent(let given): value = given
    case .octal(let old, let new):
      return ambiguous(node, text, path, Self.octalNote(old, new), "write `\(new)`")
    case .sexagesimal(let seconds), .grouped(let seconds):
      return ambiguous(
        node, text, path, "YAML 1.1 reads it as \(seconds), YAML 1.2 as a string", "write `\(seconds)`")
    default:
      return wrongType(node, field, path, help: Double(text) == nil ? nil : "remove the quotes")
    }
    let isAllowed = value.isFinite && range.contains(value) && !(excludesLower && value == range.lowerBound)
    guard isAllowed else {
      diagnostics.report(
        .badValue, "`\(path)` must be \(FieldKind.bounds(range, excludesLower)), found \(text)", at: node.span
      )
      return nil
    }
    return .number(value)
  }

  private mutating func size(_ node: YAMLNode, _ text: String, _ field: Field, _ path: String) -> Value? {
    guard let bytes = ByteSize.parse(text), bytes > 0 else {
      return wrongType(
        node, field, path, help: "write a whole number of bytes, or one with KiB, MiB, GiB, KB, MB or GB")
    }
    return .integer(bytes)
  }

  private mutating func choice(
    _ node: YAMLNode, _ text: String, _ words: [String], _ later: [String], _ path: String
  ) -> Value? {
    if words.contains(text) { return .text(text) }
    // vLLM's own words, by version, are checked with its flags.
    if engine == .vllm, path.hasPrefix(FieldPath.engineArguments + ".") { return .text(text) }
    if later.contains(text) {
      diagnostics.report(
        .notYet, "`\(path): \(text)` is not available yet", at: node.span,
        help: "write " + words.map { "`\($0)`" }.joined(separator: " or "))
      return nil
    }
    let near = Suggestion.sentence(for: text, among: words + later)
    diagnostics.report(
      .badValue, "`\(path)` cannot be `\(text)`", at: node.span,
      help: near ?? "write " + words.map { "`\($0)`" }.joined(separator: " or "))
    return nil
  }

  private mutating func plainText(
    _ node: YAMLNode, _ text: String, _ isPlain: Bool, _ field: Field, _ path: String
  ) -> Value? {
    let shown = field.isSecret ? Settings.redacted : text
    switch isPlain ? PlainScalar(text) : .text {
    case .text, .octal, .grouped: break
    case .sexagesimal, .exponent:
      diagnostics.report(
        .ambiguousScalar, "`\(shown)` is read as text", at: node.span,
        note: "some YAML readers see a number in it", help: "put it in quotes: `\"\(shown)\"`")
    default: return wrongType(node, field, path, help: "put it in quotes: `\"\(shown)\"`")
    }
    guard case .text(let rule) = field.kind else { return .text(text) }
    guard rule.allows(text) else {
      diagnostics.report(
        .badValue, "`\(path)` must be \(rule.words), found `\(shown)`", at: node.span,
        help: rule.proposal(for: text).map { "write `\($0)`" })
      return nil
    }
    return .text(text)
  }

  private mutating func texts(_ node: YAMLNode, _ field: Field, _ path: String) -> Value? {
    guard case .sequence(let items) = node.content else { return wrongType(node, field, path) }
    let item = Field(field.name, .text(.any), field.summary)
    let values = items.enumerated().compactMap { convert($1, item, path: "\(path)[\($0)]") }
    return values.count == items.count ? .list(values) : nil
  }

  /// A free value keeps its shape; plain scalars take the type every reader agrees on, else they are text.
  private static func freeValue(_ node: YAMLNode) -> Value {
    switch node.content {
    case .sequence(let items): return .list(items.map(freeValue))
    case .mapping(let members): return .map(members.map { Value.Member($0.key, freeValue($0.value)) })
    case .scalar(let text, let isPlain):
      switch isPlain ? PlainScalar(text) : .text {
      case .null: return .null
      case .boolean(let flag): return .boolean(flag)
      case .integer(let value): return .integer(value)
      case .number(let value) where value.isFinite: return .number(value)
      default: return .text(text)
      }
    }
  }

  /// `16k` is 16,000 and `16K` is 16,384, as vLLM has it.
  static func human(_ text: String) -> Int? {
    let units: [Character: Int] = [
      "k": 1000, "m": 1_000_000, "g": 1_000_000_000, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30,
    ]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Double(text.dropLast()), count.isFinite
    else {
      return nil
    }
    return Int(exactly: (count * Double(unit)).rounded())
  }

  private static func article(_ kind: FieldKind) -> String {
    switch kind {
    case .boolean: "a boolean"
    case .integer, .humanInteger: "an integer"
    case .number: "a number"
    case .size: "a size in bytes"
    case .texts: "a list of strings"
    case .variables, .section: "a mapping"
    default: "a string"
    }
  }
}
