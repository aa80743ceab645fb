/// schema/dpdeploy.schema.json, written by the schema, for editors that check and complete YAML.
public enum JSONSchemaDocument {
  /// The whole document, JSON Schema draft 2020-12.
  public static func text() -> String {
    var members: [Value.Member] = [
      .init("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
      .init("title", .text("dpdeploy manifest, \(ManifestSchema.apiVersion)")),
    ]
    if case .map(let body) = object(ManifestSchema.root, summary: nil) { members += body }
    return Value.map(members).json(indent: 2) + "\n"
  }

  private static func object(_ fields: [Field], summary: String?) -> Value {
    var members: [Value.Member] = []
    if let summary { members.append(.init("description", .text(summary))) }
    members.append(.init("type", .text("object")))
    members.append(.init("additionalProperties", .boolean(false)))
    let required = fields.filter(needsPresence).map { Value.text($0.name) }
    if !required.isEmpty { members.append(.init("required", .list(required))) }
    let properties = fields.compactMap { field in schema(of: field).map { Value.Member(field.name, $0) } }
    members.append(.init("properties", .map(properties)))
    return .map(members)
  }

  /// A field must be there when it, or one below it, is required.
  private static func needsPresence(_ field: Field) -> Bool {
    field.isRequired || field.children.contains(where: needsPresence)
  }

  /// The schema of a field; nil for reserved words, which editors then mark as unknown.
  private static func schema(of field: Field) -> Value? {
    if case .refused = field.kind { return nil }
    if case .section(let fields) = field.kind { return object(fields, summary: field.summary) }
    var members: [Value.Member] = [.init("description", .text(description(field)))]
    members += field.isRequired ? [type("string")] : constraint(field.kind)
    if field.fallback != .null { members.append(.init("default", field.fallback)) }
    return .map(members)
  }

  private static func description(_ field: Field) -> String {
    field.bundled == .inEffect ? field.summary : "\(field.summary) (\(field.bundled.words))"
  }

  private static func constraint(_ kind: FieldKind) -> [Value.Member] {
    switch kind {
    case .boolean: return [type("boolean", "null")]
    case .integer(let range): return [type("integer", "null")] + bounds(range)
    case .humanInteger(let range, _):
      let whole = Value.map([type("integer")] + bounds(range))
      return [.init("anyOf", .list([whole, .map([type("string", "null")])]))]
    case .number(let range, let excludesLower):
      let low = Value.Member(excludesLower ? "exclusiveMinimum" : "minimum", .number(range.lowerBound))
      let high = range.upperBound.isFinite ? [Value.Member("maximum", .number(range.upperBound))] : []
      return [type("number", "null"), low] + high
    case .size: return [type("integer", "string", "null")]
    case .text: return [type("string", "null")]
    case .choice(let words, _): return [.init("enum", .list(words.map { .text($0) } + [.null]))]
    case .texts: return [type("array", "null"), .init("items", .map([type("string")]))]
    case .variables:
      let secret = Value.map([
        type("object"), .init("additionalProperties", .boolean(false)),
        .init("required", .list([.text("value")])),
        .init(
          "properties", .map([.init("value", .map([scalar])), .init("secret", .map([type("boolean")]))])),
      ])
      return [
        type("object", "null"),
        .init("additionalProperties", .map([.init("anyOf", .list([.map([scalar]), secret]))])),
      ]
    case .anything, .section, .refused: return []
    }
  }

  private static let scalar = type("string", "number", "boolean")

  private static func bounds(_ range: ClosedRange<Int>) -> [Value.Member] {
    [Value.Member("minimum", .integer(range.lowerBound))]
      + (range.upperBound == .max ? [] : [Value.Member("maximum", .integer(range.upperBound))])
  }

  private static func type(_ names: String...) -> Value.Member {
    .init("type", names.count == 1 ? .text(names[0]) : .list(names.map { .text($0) }))
  }
}
