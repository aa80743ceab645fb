/// Where a field stands in a text, or where it would.
struct FieldPlace {
  private let edit: FieldEdit
  private let source: ManifestSource
  /// The deepest node on the way to the field that exists.
  private let node: YAMLNode
  /// Where that node's key stands; nil for the whole text.
  private let key: SourceSpan?
  /// The keys that do not exist.
  private let missing: [String]

  /// Looks the field up.
  init(_ edit: FieldEdit, in source: ManifestSource) throws(ManifestEditError) {
    var diagnostics = DiagnosticList(file: source.name)
    guard let root = YAMLComposer.compose(source, &diagnostics) else {
      throw .refused(ManifestReading(diagnostics: diagnostics.inOrder, source: source))
    }
    var (node, key) = Self.body(of: root)
    var keys = edit.keys[...]
    while let name = keys.first, case .mapping(let members) = node.content,
      let member = members.first(where: { $0.key == name })
    {
      (node, key) = (member.value, member.keySpan)
      keys.removeFirst()
    }
    (self.edit, self.source, self.node, self.key, missing) = (edit, source, node, key, Array(keys))
  }

  /// A Ray Serve config has the manifest's fields in its application's arguments.
  private static func body(of root: YAMLNode) -> (YAMLNode, SourceSpan?) {
    guard case .sequence(let applications)? = root["applications"]?.content,
      case .mapping(let members)? = applications.first?.content,
      let arguments = members.first(where: { $0.key == "args" })
    else { return (root, nil) }
    return (arguments.value, arguments.keySpan)
  }

  /// The text with the field's new value.
  func edited() throws(ManifestEditError) -> ManifestSource {
    var lines = source.text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map {
      Array($0)
    }
    if missing.isEmpty { try replace(&lines) } else { try insert(&lines) }
    var text = String.UnicodeScalarView()
    for (index, line) in lines.enumerated() {
      if index > 0 { text.append("\n") }
      text.append(contentsOf: line)
    }
    return ManifestSource(name: source.name, text: String(text))
  }

  private typealias Lines = [[Unicode.Scalar]]

  private func replace(_ lines: inout Lines) throws(ManifestEditError) {
    guard case .scalar(let text, _) = node.content, !text.isEmpty,
      !["|", ">"].contains(character(at: node.span, lines))
    else { throw .notAScalar(edit, node.span) }
    let quote = character(at: node.span, lines).flatMap { ["\"", "'"].contains($0) ? $0 : nil }
    let start = node.span.column - 1
    lines[node.span.line - 1].replaceSubrange(
      start..<start + node.span.length, with: quoted(edit.value, quote).unicodeScalars)
  }

  private func insert(_ lines: inout Lines) throws(ManifestEditError) {
    guard case .mapping(let members) = node.content else { throw .notAScalar(edit, node.span) }
    let value = quoted(edit.value, edit.path.contains(".env_vars.") ? "\"" : nil)
    if character(at: node.span, lines) == "{" {
      let inner = missing.reversed().reduce(value) { inner, name in
        inner == value && name == missing.last ? "\(name): \(inner)" : "\(name): {\(inner)}"
      }
      lines[node.span.line - 1].insert(
        contentsOf: (inner + (members.isEmpty ? "" : ", ")).unicodeScalars, at: node.span.column)
      return
    }
    let indent = (members.first?.keySpan.column ?? 1) - 1
    let block = missing.enumerated().map { depth, name in
      let text = depth == missing.count - 1 ? "\(name): \(value)" : "\(name):"
      return Array((String(repeating: " ", count: indent + 2 * depth) + text).unicodeScalars)
    }
    // Below the key of the mapping, so that comments stay with what they are about; a new section goes to the end.
    if let key { return lines.insert(contentsOf: block, at: key.line) }
    if lines.last?.isEmpty == true { lines.removeLast() }
    lines += block + [[]]
  }

  private func character(at span: SourceSpan, _ lines: Lines) -> Unicode.Scalar? {
    let line = lines[span.line - 1]
    return span.column <= line.count ? line[span.column - 1] : nil
  }

  /// A value that is quoted where the text it replaces was.
  private func quoted(_ value: String, _ quote: Unicode.Scalar?) -> String {
    guard let quote, !value.hasPrefix("\""), !value.hasPrefix("'") else { return value }
    return "\(quote)\(value)\(quote)"
  }
}
