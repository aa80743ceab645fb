/// Walks the node tree along the schema: settles types, refuses what the schema does not know, collects all errors.
struct SchemaReader {
  private(set) var values: [String: ReadValue] = [:]
  /// Where each section that the file holds begins.
  private(set) var sectionSpans: [String: SourceSpan] = [:]
  var diagnostics: DiagnosticList
  /// What runs in a rank; known before all else, as words mean more to some engines.
  private(set) var engine = EngineKind.bundled

  init(_ diagnostics: DiagnosticList) {
    self.diagnostics = diagnostics
  }

  mutating func read(_ root: YAMLNode) {
    guard case .mapping = root.content else {
      diagnostics.report(
        .wrongType, "a manifest is a mapping of keys, found \(root.kind)", at: root.span,
        help: "begin with `apiVersion: \(ManifestSchema.apiVersion)` and `name: ...`")
      return
    }
    if case .scalar(let word, _)? = root["engine"]?.content {
      engine = EngineKind(rawValue: word) ?? .bundled
    }
    readSection(root, ManifestSchema.root, prefix: "", at: root.span)
  }

  private mutating func readSection(_ node: YAMLNode, _ fields: [Field], prefix: String, at place: SourceSpan)
  {
    var seen: Set<String> = []
    if case .mapping(let members) = node.content {
      for member in members {
        let name = canonicalName(member, fields)
        guard let field = fields.first(where: { $0.name == name }) else {
          reportUnknown(member, fields, prefix)
          continue
        }
        if !seen.insert(field.name).inserted {
          diagnostics.report(
            .duplicateKey, "`\(member.key)` is given twice, in two spellings", at: member.keySpan,
            help: "keep one of the two")
          continue
        }
        readField(member, field, path: prefix + field.name)
      }
    }
    for field in fields where field.isRequired && !seen.contains(field.name) {
      reportMissing(field, prefix, at: place)
    }
    for field in fields where !seen.contains(field.name) && !field.children.isEmpty {
      readSection(
        YAMLNode(content: .mapping([]), span: place, weight: 0), field.children,
        prefix: prefix + field.name + ".",
        at: place)
    }
  }

  private mutating func readField(_ member: YAMLNode.Member, _ field: Field, path: String) {
    switch field.kind {
    case .refused(let code, let instead):
      diagnostics.report(code, "`\(path)` cannot be set here", at: member.keySpan, help: instead)
    case .section(let fields):
      sectionSpans[path] = member.keySpan
      if case .mapping = member.value.content {
        readSection(member.value, fields, prefix: path + ".", at: member.keySpan)
      } else if member.value.isNull {
        readSection(member.value, fields, prefix: path + ".", at: member.keySpan)
      } else {
        diagnostics.report(
          .wrongType, "`\(path)` must be a mapping, found \(member.value.kind)", at: member.value.span,
          help:
            "write its keys below it, indented: \(fields.prefix(3).map { "`\($0.name)`" }.joined(separator: ", ")), ..."
        )
      }
    case .variables:
      readVariables(member, path: path)
    default:
      guard !member.value.isNull else {
        if field.isRequired {
          diagnostics.report(.missingField, "`\(path)` has no value", at: member.keySpan, help: field.summary)
        }
        return
      }
      guard let value = convert(member.value, field, path: path) else { return }
      values[path] = ReadValue(value: value, span: member.value.span, keySpan: member.keySpan)
    }
  }

  mutating func store(_ path: String, _ read: ReadValue, _ value: Value) {
    values[path] = ReadValue(
      value: value, span: read.span, keySpan: read.keySpan, itemSpans: read.itemSpans,
      secretItems: read.secretItems)
  }

  private mutating func canonicalName(_ member: YAMLNode.Member, _ fields: [Field]) -> String {
    if fields.contains(where: { $0.name == member.key }) { return member.key }
    let underscored = String(member.key.drop { $0 == "-" }.map { $0 == "-" ? "_" : $0 })
    guard underscored != member.key, fields.contains(where: { $0.name == underscored }) else {
      return member.key
    }
    diagnostics.report(
      .spelling, "`\(member.key)` is read as `\(underscored)`", at: member.keySpan,
      help: "flags of the command line are written with underscores here")
    return underscored
  }

  private mutating func reportUnknown(_ member: YAMLNode.Member, _ fields: [Field], _ prefix: String) {
    let section = prefix.isEmpty ? "at the top level" : "in `\(prefix.dropLast())`"
    diagnostics.report(
      .unknownKey, "unknown key `\(member.key)` \(section)", at: member.keySpan,
      help: Self.advice(for: member.key, among: fields, under: prefix))
  }

  /// A slip among the siblings first, then the same word elsewhere, then a slip elsewhere.
  static func advice(for key: String, among fields: [Field], under prefix: String) -> String {
    if let sibling = Suggestion.sentence(for: key, among: fields.map(\.name)) { return sibling }
    let word = Suggestion.nearest(to: key, among: ManifestSchema.describedNames) ?? key
    let homes = ManifestSchema.described.filter { $0.field.name == word }.prefix(2).map { entry in
      entry.path.contains(".") ? "under `\(entry.path.dropLast(word.count + 1))`" : "at the top level"
    }
    guard homes.isEmpty else { return "`\(word)` belongs \(homes.joined(separator: " or "))" }
    if key.hasPrefix(VLLMVariables.prefix) {
      return "variables belong under `llm_config.runtime_env.env_vars`"
    }
    return prefix.isEmpty
      ? "`dpdeploy explain` lists the keys" : "`dpdeploy explain \(prefix.dropLast())` lists its keys"
  }

  private mutating func reportMissing(_ field: Field, _ prefix: String, at place: SourceSpan) {
    diagnostics.report(
      .missingField, "`\(prefix)\(field.name)` is missing", at: place, note: field.summary,
      help: Self.example(of: field, prefix))
  }

  private static func example(of field: Field, _ prefix: String) -> String {
    let home = prefix.isEmpty ? "at the top level" : "under `\(prefix.dropLast())`"
    return "write `\(field.name): operator` \(home)"
  }
}
