import JSON

extension TemplateEvaluator {
  func call(
    _ name: String, _ arguments: TemplateArguments, _ place: TemplatePlace
  ) throws(ChatTemplateError) -> JSONValue? {
    let positional = try values(arguments.positional)
    switch name {
    case "raise_exception":
      throw .raised(positional.first?.string ?? "the chat template refused the conversation")
    case "namespace", "dict":
      var members: [JSONMember] = []
      for argument in arguments.named {
        members.append(JSONMember(argument.name, try value(argument.value) ?? .null))
      }
      return .object(members)
    case "range":
      let bounds = positional.compactMap(\.integer)
      guard bounds.count == positional.count, (1...2).contains(bounds.count) else {
        throw place.unsupported("range with these arguments")
      }
      let (first, end) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
      guard end - first <= 100_000 else { throw place.fault("a range too long") }
      return .array((first..<max(first, end)).map { .integer($0) })
    default: throw place.unsupported("the function '\(name)'")
    }
  }

  func method(
    _ base: JSONValue?, _ name: String, _ arguments: [JSONValue], _ place: TemplatePlace
  ) throws(ChatTemplateError) -> JSONValue? {
    switch base {
    case .string(let text)?: return try stringMethod(text, name, arguments, place)
    case .object(let members)?: return try objectMethod(members, name, arguments, place)
    case let other:
      throw place.unsupported("the method '\(name)' of \(other?.typeName ?? "an undefined value")")
    }
  }

  private func stringMethod(
    _ text: String, _ name: String, _ arguments: [JSONValue], _ place: TemplatePlace
  ) throws(ChatTemplateError) -> JSONValue {
    let words = arguments.compactMap(\.string)
    guard words.count == arguments.count else { throw place.unsupported("'\(name)' with these arguments") }
    switch (name, words.count) {
    case ("strip", 0...1): return .string(TemplateText.stripped(text, of: words.first))
    case ("lstrip", 0...1): return .string(TemplateText.stripped(text, of: words.first, right: false))
    case ("rstrip", 0...1): return .string(TemplateText.stripped(text, of: words.first, left: false))
    case ("startswith", 1): return .bool(text.unicodeScalars.starts(with: words[0].unicodeScalars))
    case ("endswith", 1):
      return .bool(text.unicodeScalars.reversed().starts(with: words[0].unicodeScalars.reversed()))
    case ("upper", 0): return .string(text.uppercased())
    case ("lower", 0): return .string(text.lowercased())
    case ("split", 1) where !words[0].isEmpty: return .array(Self.split(text, words[0]).map { .string($0) })
    case ("replace", 2) where !words[0].isEmpty:
      return .string(Self.split(text, words[0]).joined(separator: words[1]))
    default: throw place.unsupported("the string method '\(name)' with \(words.count) arguments")
    }
  }

  static func split(_ text: String, _ separator: String) -> [String] {
    var parts: [String] = []
    var rest = text
    while let index = position(of: separator, in: rest) {
      parts.append(String(rest.unicodeScalars[..<index]))
      rest = String(rest.unicodeScalars[index...].dropFirst(separator.unicodeScalars.count))
    }
    return parts + [rest]
  }

  private func objectMethod(
    _ members: [JSONMember], _ name: String, _ arguments: [JSONValue], _ place: TemplatePlace
  ) throws(ChatTemplateError) -> JSONValue? {
    switch (name, arguments.count) {
    case ("items", 0): return .array(Self.items(members))
    case ("keys", 0): return .array(members.map { .string($0.name) })
    case ("values", 0): return .array(members.map(\.value))
    case ("get", 1...2):
      let found = members.last { .string($0.name) == arguments[0] }?.value
      return found ?? (arguments.count == 2 ? arguments[1] : .null)
    default: throw place.unsupported("the object method '\(name)' with \(arguments.count) arguments")
    }
  }

  static func items(_ members: [JSONMember]) -> [JSONValue] {
    members.map { .array([.string($0.name), $0.value]) }
  }

  func test(
    _ base: JSONValue?, _ name: String, _ arguments: [JSONValue], _ place: TemplatePlace
  ) throws(ChatTemplateError) -> Bool {
    switch name {
    case "defined": return base != nil
    case "undefined": return base == nil
    case "none": return base?.isNull ?? false
    case "string": return base?.string != nil
    case "mapping": return base?.members != nil
    case "number": return base?.double != nil
    case "integer":
      guard case .integer? = base else { return false }
      return true
    case "boolean": return base?.bool != nil
    case "true": return base?.bool == true
    case "false": return base?.bool == false
    case "iterable", "sequence": return base.flatMap(TemplateText.elements) != nil
    case "equalto", "eq": return base == arguments.first
    default: throw place.unsupported("the test '\(name)'")
    }
  }
}
