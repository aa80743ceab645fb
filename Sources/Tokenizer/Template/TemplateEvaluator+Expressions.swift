import JSON

extension TemplateEvaluator {
  func isTrue(_ expression: TemplateExpression) throws(ChatTemplateError) -> Bool {
    TemplateText.isTrue(try value(expression))
  }

  /// The value of an expression; nil is Jinja's undefined.
  func value(_ expression: TemplateExpression) throws(ChatTemplateError) -> JSONValue? {
    switch expression {
    case .literal(let value): return value
    case .name(let name, _): return scope[name]
    case .list(let elements): return .array(try values(elements))
    case .dictionary(let entries, let place): return try dictionary(entries, place)
    case .member(let base, let key, let place): return try member(value(base), value(key), place)
    case .slice(let base, let bounds, let place): return try slice(value(base), bounds, place)
    case .call(let name, let arguments, let place): return try call(name, arguments, place)
    case .method(let base, let name, let arguments, let place):
      return try method(value(base), name, values(arguments.positional), place)
    case .filter(let base, let name, let arguments, let place):
      return try filter(value(base), name, arguments, place)
    case .test(let base, let name, let arguments, let place):
      return .bool(try test(value(base), name, values(arguments.positional), place))
    case .not(let operand): return .bool(!(try isTrue(operand)))
    case .negative(let operand, let place): return try binary("-", .integer(0), value(operand), place)
    case .binary("and", let left, let right, _):
      let first = try value(left)
      return TemplateText.isTrue(first) ? try value(right) : first
    case .binary("or", let left, let right, _):
      let first = try value(left)
      return TemplateText.isTrue(first) ? first : try value(right)
    case .binary(let mark, let left, let right, let place):
      return try binary(mark, value(left), value(right), place)
    case .conditional(let condition, let then, let otherwise):
      if try isTrue(condition) { return try value(then) }
      guard let otherwise else { return nil }
      return try value(otherwise)
    }
  }

  func values(_ expressions: [TemplateExpression]) throws(ChatTemplateError) -> [JSONValue] {
    var values: [JSONValue] = []
    for expression in expressions { values.append(try value(expression) ?? .null) }
    return values
  }

  private func dictionary(
    _ entries: [TemplateExpression.Entry], _ place: TemplatePlace
  ) throws(ChatTemplateError) -> JSONValue {
    var members: [JSONMember] = []
    for entry in entries {
      guard let name = try value(entry.name)?.string else {
        throw place.unsupported("a key that is no string")
      }
      members.append(JSONMember(name, try value(entry.value) ?? .null))
    }
    return .object(members)
  }

  private func member(
    _ base: JSONValue?, _ key: JSONValue?, _ place: TemplatePlace
  ) throws(ChatTemplateError) -> JSONValue? {
    guard let base else { throw place.fault("a member of an undefined value") }
    switch (base, key) {
    case (.object, .string(let name)?): return base[name]
    case (.array(let elements), .integer(let index)?):
      let position = index < 0 ? elements.count + index : index
      return elements.indices.contains(position) ? elements[position] : nil
    case (.string(let text), .integer(let index)?):
      let scalars = Array(text.unicodeScalars)
      let position = index < 0 ? scalars.count + index : index
      return scalars.indices.contains(position) ? .string(String(scalars[position])) : nil
    default: return nil
    }
  }

  private func slice(
    _ base: JSONValue?, _ bounds: TemplateExpression.Bounds, _ place: TemplatePlace
  ) throws(ChatTemplateError) -> JSONValue {
    guard let base, let elements = TemplateText.elements(base), base.members == nil else {
      throw place.fault("cannot slice \(base?.typeName ?? "an undefined value")")
    }
    let step = try bound(bounds.step, place) ?? 1
    guard step != 0 else { throw place.fault("the step of a slice is zero") }
    let chosen = Self.positions(
      count: elements.count, lower: try bound(bounds.lower, place), upper: try bound(bounds.upper, place),
      step: step
    ).map { elements[$0] }
    return base.string == nil ? .array(chosen) : .string(chosen.compactMap(\.string).joined())
  }

  private func bound(
    _ expression: TemplateExpression?, _ place: TemplatePlace
  ) throws(ChatTemplateError) -> Int? {
    guard let expression, let value = try value(expression), !value.isNull else { return nil }
    guard let index = value.integer else { throw place.fault("a slice needs integers") }
    return index
  }

  /// The positions that Python's `range(*slice.indices(count))` gives.
  private static func positions(count: Int, lower: Int?, upper: Int?, step: Int) -> [Int] {
    let least = step > 0 ? 0 : -1
    let most = step > 0 ? count : count - 1
    let clamp: (Int) -> Int = { min(max($0 < 0 ? $0 + count : $0, least), most) }
    let start = lower.map(clamp) ?? (step > 0 ? 0 : count - 1)
    let end = upper.map(clamp) ?? (step > 0 ? count : -1)
    return Array(stride(from: start, to: end, by: step))
  }
}
