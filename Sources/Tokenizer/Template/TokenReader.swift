import JSON

/// Reads expressions from the tokens of one tag, by Jinja's precedence.
struct TokenReader {
  private let tokens: [TemplateToken]
  private var index = 0
  private var depthLeft = 64

  init(_ tokens: [TemplateToken]) { self.tokens = tokens }

  /// Where the next token stands, or the last one at the end.
  var place: TemplatePlace { (index < tokens.count ? tokens[index] : tokens.last)?.place ?? TemplatePlace() }

  private var next: TemplateToken? { index < tokens.count ? tokens[index] : nil }

  mutating func take(mark: String) -> Bool { take(.mark(mark)) }

  mutating func take(word: String) -> Bool { take(.name(word)) }

  private mutating func take(_ kind: TemplateToken.Kind) -> Bool {
    guard next?.kind == kind else { return false }
    index += 1
    return true
  }

  private func unexpected(_ wanted: String) -> ChatTemplateError {
    place.fault("expected \(wanted)" + (next.map { ", not \($0.text)" } ?? ""))
  }

  private mutating func expect(mark: String) throws(ChatTemplateError) {
    guard take(mark: mark) else { throw unexpected("'\(mark)'") }
  }

  mutating func expect(word: String) throws(ChatTemplateError) {
    guard take(word: word) else { throw unexpected("'\(word)'") }
  }

  func expectEnd() throws(ChatTemplateError) {
    guard next == nil else { throw unexpected("the end of the tag") }
  }

  mutating func name(_ what: String) throws(ChatTemplateError) -> String {
    guard case .name(let name)? = next?.kind else { throw unexpected(what) }
    index += 1
    return name
  }

  /// An expression that fills the rest of the tag.
  mutating func wholeExpression() throws(ChatTemplateError) -> TemplateExpression {
    let expression = try expression()
    try expectEnd()
    return expression
  }

  mutating func expression() throws(ChatTemplateError) -> TemplateExpression {
    guard depthLeft > 0 else { throw place.fault("an expression nested too deeply") }
    depthLeft -= 1
    defer { depthLeft += 1 }
    let value = try expressionWithoutCondition()
    guard take(word: "if") else { return value }
    let condition = try expressionWithoutCondition()
    let otherwise: TemplateExpression? = take(word: "else") ? try expression() : nil
    return .conditional(condition, then: value, otherwise: otherwise)
  }

  /// An expression in a place where `if` begins something else.
  mutating func expressionWithoutCondition() throws(ChatTemplateError) -> TemplateExpression {
    var left = try conjunction()
    while let place = takeWord("or") { left = .binary("or", left, try conjunction(), place) }
    return left
  }

  private mutating func conjunction() throws(ChatTemplateError) -> TemplateExpression {
    var left = try negation()
    while let place = takeWord("and") { left = .binary("and", left, try negation(), place) }
    return left
  }

  private mutating func negation() throws(ChatTemplateError) -> TemplateExpression {
    take(word: "not") ? .not(try negation()) : try comparison()
  }

  private mutating func comparison() throws(ChatTemplateError) -> TemplateExpression {
    var left = try sum(0)
    while true {
      let start = place
      if let mark = takeMark(["==", "!=", "<", "<=", ">", ">="]) {
        left = .binary(mark, left, try sum(0), start)
      } else if take(word: "in") {
        left = .binary("in", left, try sum(0), start)
      } else if next?.kind == .name("not"), index + 1 < tokens.count, tokens[index + 1].kind == .name("in") {
        index += 2
        left = .not(.binary("in", left, try sum(0), start))
      } else {
        return left
      }
    }
  }

  /// The arithmetic operators, from the loosest: sums, then `~`, then products.
  private static let arithmetic: [Set<String>] = [["+", "-"], ["~"], ["*", "/", "//", "%"]]

  private mutating func sum(_ level: Int) throws(ChatTemplateError) -> TemplateExpression {
    guard level < Self.arithmetic.count else { return try unary() }
    var left = try sum(level + 1)
    while true {
      let start = place
      guard let mark = takeMark(Self.arithmetic[level]) else { return left }
      left = .binary(mark, left, try sum(level + 1), start)
    }
  }

  private mutating func unary() throws(ChatTemplateError) -> TemplateExpression {
    let start = place
    guard take(mark: "-") else { return try filtered(try primary()) }
    return .negative(try unary(), start)
  }

  private mutating func takeWord(_ word: String) -> TemplatePlace? {
    let start = place
    return take(word: word) ? start : nil
  }

  private mutating func takeMark(_ marks: Set<String>) -> String? {
    guard case .mark(let mark)? = next?.kind, marks.contains(mark) else { return nil }
    index += 1
    return mark
  }
}

extension TokenReader {
  /// A value with its members, calls, filters and tests.
  private mutating func filtered(_ value: TemplateExpression) throws(ChatTemplateError) -> TemplateExpression
  {
    var value = value
    while true {
      let start = place
      if take(mark: ".") {
        value = try member(of: value, start)
      } else if take(mark: "[") {
        value = try subscripted(value, start)
      } else if take(mark: "|") {
        value = .filter(value, try name("a filter"), try arguments(), start)
      } else if take(word: "is") {
        let negated = take(word: "not")
        let test = TemplateExpression.test(value, try name("a test"), try testArguments(), start)
        value = negated ? .not(test) : test
      } else if next?.kind == .mark("(") {
        guard case .name(let function, let place) = value else { throw start.unsupported("calling a value") }
        value = .call(function, try arguments(), place)
      } else {
        return value
      }
    }
  }

  private mutating func member(
    of value: TemplateExpression, _ start: TemplatePlace
  ) throws(ChatTemplateError) -> TemplateExpression {
    let name = try name("a member")
    if next?.kind == .mark("(") { return .method(value, name, try arguments(), start) }
    return .member(value, .literal(.string(name)), start)
  }

  private mutating func subscripted(
    _ value: TemplateExpression, _ start: TemplatePlace
  ) throws(ChatTemplateError) -> TemplateExpression {
    var parts: [TemplateExpression?] = []
    repeat {
      let isEmpty = next?.kind == .mark(":") || next?.kind == .mark("]")
      parts.append(isEmpty ? nil : try expression())
    } while take(mark: ":")
    try expect(mark: "]")
    switch parts.count {
    case 1:
      guard let key = parts[0] else { throw unexpected("an index") }
      return .member(value, key, start)
    case 2, 3:
      let step = parts.count == 3 ? parts[2] : nil
      return .slice(value, .init(lower: parts[0], upper: parts[1], step: step), start)
    default: throw start.fault("a slice has at most three parts")
    }
  }

  private mutating func testArguments() throws(ChatTemplateError) -> TemplateArguments {
    switch next?.kind {
    case .mark("("): return try arguments()
    case .string, .integer, .number: return TemplateArguments(positional: [try primary()])
    default: return TemplateArguments()
    }
  }

  /// `(a, b, name=c)`, or nothing.
  private mutating func arguments() throws(ChatTemplateError) -> TemplateArguments {
    var arguments = TemplateArguments()
    guard take(mark: "(") else { return arguments }
    while !take(mark: ")") {
      if case .name(let name)? = next?.kind, index + 1 < tokens.count, tokens[index + 1].kind == .mark("=") {
        index += 2
        arguments.named.append(.init(name: name, value: try expression()))
      } else {
        arguments.positional.append(try expression())
      }
      if !take(mark: ",") {
        try expect(mark: ")")
        break
      }
    }
    return arguments
  }

  private mutating func primary() throws(ChatTemplateError) -> TemplateExpression {
    guard let token = next else { throw unexpected("a value") }
    index += 1
    switch token.kind {
    case .string(let text): return .literal(.string(text))
    case .integer(let value): return .literal(.integer(value))
    case .number(let value): return .literal(.number(value))
    case .name("true"), .name("True"): return .literal(.bool(true))
    case .name("false"), .name("False"): return .literal(.bool(false))
    case .name("none"), .name("None"): return .literal(.null)
    case .name(let name): return .name(name, token.place)
    case .mark("("):
      let value = try expression()
      if next?.kind == .mark(",") { throw token.place.unsupported("a tuple") }
      try expect(mark: ")")
      return value
    case .mark("["): return .list(try list())
    case .mark("{"): return .dictionary(try entries(), token.place)
    case .mark:
      index -= 1
      throw unexpected("a value")
    }
  }

  private mutating func list() throws(ChatTemplateError) -> [TemplateExpression] {
    var elements: [TemplateExpression] = []
    while !take(mark: "]") {
      elements.append(try expression())
      if !take(mark: ",") {
        try expect(mark: "]")
        break
      }
    }
    return elements
  }

  private mutating func entries() throws(ChatTemplateError) -> [TemplateExpression.Entry] {
    var entries: [TemplateExpression.Entry] = []
    while !take(mark: "}") {
      let name = try expression()
      try expect(mark: ":")
      entries.append(.init(name: name, value: try expression()))
      if !take(mark: ",") {
        try expect(mark: "}")
        break
      }
    }
    return entries
  }
}
