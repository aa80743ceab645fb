import JSON

extension TemplateEvaluator {
  func filter(
    _ base: JSONValue?, _ name: String, _ arguments: TemplateArguments, _ place: TemplatePlace
  ) throws(ChatTemplateError) -> JSONValue? {
    let positional = try values(arguments.positional)
    switch name {
    case "default", "d":
      let replacesFalse = positional.count > 1 && TemplateText.isTrue(positional[1])
      let isMissing = replacesFalse ? !TemplateText.isTrue(base) : base == nil
      return isMissing ? positional.first ?? .string("") : base
    case "tojson": return try json(base, arguments, place)
    case "length", "count":
      guard let count = base.flatMap(TemplateText.elements)?.count else { throw refusal(name, base, place) }
      return .integer(count)
    case "items":
      guard let members = base?.members else { throw refusal(name, base, place) }
      return .array(Self.items(members))
    case "list", "first", "last", "join": return try sequence(base, name, positional, place)
    default: return try text(base, name, positional, place)
    }
  }

  private func refusal(_ name: String, _ base: JSONValue?, _ place: TemplatePlace) -> ChatTemplateError {
    place.fault("the filter '\(name)' cannot take \(base?.typeName ?? "an undefined value")")
  }

  private func json(
    _ base: JSONValue?, _ arguments: TemplateArguments, _ place: TemplatePlace
  ) throws(ChatTemplateError) -> JSONValue {
    guard let base else { throw refusal("tojson", base, place) }
    var indent = try values(arguments.positional).first?.integer
    for argument in arguments.named {
      switch argument.name {
      case "indent": indent = try value(argument.value)?.integer
      case "ensure_ascii" where try !isTrue(argument.value): continue
      default: throw place.unsupported("tojson with \(argument.name)")
      }
    }
    return .string(TemplateText.json(base, indent: indent))
  }

  private func sequence(
    _ base: JSONValue?, _ name: String, _ arguments: [JSONValue], _ place: TemplatePlace
  ) throws(ChatTemplateError) -> JSONValue? {
    guard let elements = base.flatMap(TemplateText.elements) else { throw refusal(name, base, place) }
    switch name {
    case "first": return elements.first
    case "last": return elements.last
    case "join":
      let words = elements.compactMap(TemplateText.print)
      guard words.count == elements.count else { throw place.unsupported("join of arrays or objects") }
      return .string(words.joined(separator: arguments.first?.string ?? ""))
    default: return .array(elements)
    }
  }

  private func text(
    _ base: JSONValue?, _ name: String, _ arguments: [JSONValue], _ place: TemplatePlace
  ) throws(ChatTemplateError) -> JSONValue {
    guard let text = base.map(TemplateText.print) ?? "" else { throw refusal(name, base, place) }
    switch name {
    case "trim": return .string(TemplateText.stripped(text, of: arguments.first?.string))
    case "upper": return .string(text.uppercased())
    case "lower": return .string(text.lowercased())
    case "string", "safe": return .string(text)
    case "int": return .integer(Int(TemplateText.stripped(text)) ?? arguments.first?.integer ?? 0)
    case "replace":
      guard arguments.count == 2, let old = arguments[0].string, let new = arguments[1].string, !old.isEmpty
      else {
        throw place.unsupported("replace with these arguments")
      }
      return .string(Self.split(text, old).joined(separator: new))
    default: throw place.unsupported("the filter '\(name)'")
    }
  }
}
