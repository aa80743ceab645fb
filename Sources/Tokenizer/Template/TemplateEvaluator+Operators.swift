import JSON

extension TemplateEvaluator {
  func binary(
    _ mark: String, _ left: JSONValue?, _ right: JSONValue?, _ place: TemplatePlace
  ) throws(ChatTemplateError) -> JSONValue {
    switch mark {
    case "==": return .bool(Self.areEqual(left, right))
    case "!=": return .bool(!Self.areEqual(left, right))
    case "in": return .bool(try contains(right, left, place))
    case "~":
      guard let a = TemplateText.print(left ?? .string("")), let b = TemplateText.print(right ?? .string(""))
      else {
        throw place.unsupported("'~' with an array or object")
      }
      return .string(a + b)
    case "<", "<=", ">", ">=": return .bool(try compare(mark, left, right, place))
    default: return try arithmetic(mark, left, right, place)
    }
  }

  private static func areEqual(_ left: JSONValue?, _ right: JSONValue?) -> Bool {
    if let a = left?.double, let b = right?.double { return a == b }
    return left == right
  }

  private func contains(
    _ container: JSONValue?, _ element: JSONValue?, _ place: TemplatePlace
  ) throws(ChatTemplateError) -> Bool {
    switch (container, element) {
    case (.string(let text)?, .string(let part)?): return Self.position(of: part, in: text) != nil
    case (.array(let elements)?, _): return elements.contains { Self.areEqual($0, element) }
    case (.object(let members)?, .string(let name)?): return members.contains { $0.name == name }
    case (.object?, _): return false
    default: throw place.fault("'in' needs a string, array or object on its right")
    }
  }

  /// Where `part` first stands in `text`, by scalars rather than characters, as Python searches.
  static func position(of part: String, in text: String) -> String.Index? {
    var start = text.unicodeScalars.startIndex
    while true {
      if text.unicodeScalars[start...].starts(with: part.unicodeScalars) { return start }
      if start == text.unicodeScalars.endIndex { return nil }
      start = text.unicodeScalars.index(after: start)
    }
  }

  private func compare(
    _ mark: String, _ left: JSONValue?, _ right: JSONValue?, _ place: TemplatePlace
  ) throws(ChatTemplateError) -> Bool {
    if let a = left?.double, let b = right?.double { return Self.ordered(mark, a, b) }
    if let a = left?.string, let b = right?.string { return Self.ordered(mark, a, b) }
    throw place.fault("cannot compare \(Self.type(left)) with \(Self.type(right))")
  }

  private static func ordered<Value: Comparable>(_ mark: String, _ a: Value, _ b: Value) -> Bool {
    switch mark {
    case "<": a < b
    case "<=": a <= b
    case ">": a > b
    default: a >= b
    }
  }

  private static func type(_ value: JSONValue?) -> String { value?.typeName ?? "an undefined value" }

  private func arithmetic(
    _ mark: String, _ left: JSONValue?, _ right: JSONValue?, _ place: TemplatePlace
  ) throws(ChatTemplateError) -> JSONValue {
    switch (left, right) {
    case (.string(let a)?, .string(let b)?) where mark == "+": return .string(a + b)
    case (.array(let a)?, .array(let b)?) where mark == "+": return .array(a + b)
    case (.integer(let a)?, .integer(let b)?):
      if let result = Self.integers(mark, a, b) { return .integer(result) }
      throw place.fault("'\(mark)' of \(a) and \(b) is not possible")
    default: throw place.fault("'\(mark)' of \(Self.type(left)) and \(Self.type(right)) is not possible")
    }
  }

  /// Python's integer arithmetic; nil for a division by zero, an overflow or what gives a fraction.
  private static func integers(_ mark: String, _ a: Int, _ b: Int) -> Int? {
    switch mark {
    case "+": return checked(a.addingReportingOverflow(b))
    case "-": return checked(a.subtractingReportingOverflow(b))
    case "*": return checked(a.multipliedReportingOverflow(by: b))
    case "//", "%":
      guard b != 0, b != -1 else { return nil }
      let isInexact = a % b != 0 && (a < 0) != (b < 0)
      return mark == "%" ? (isInexact ? a % b + b : a % b) : (isInexact ? a / b - 1 : a / b)
    default: return nil
    }
  }

  private static func checked(_ result: (partialValue: Int, overflow: Bool)) -> Int? {
    result.overflow ? nil : result.partialValue
  }
}
