import Manifest

/// A manifest in the making: nodes at paths, each with the place in the source that it comes from.
struct Draft {
  private(set) var root: YAMLNode
  /// What was left out, and why.
  var diagnostics: DiagnosticList

  init(_ root: YAMLNode, _ diagnostics: DiagnosticList) {
    self.root = root
    self.diagnostics = diagnostics
  }

  /// An empty one.
  init(file: String) {
    self.init(
      YAMLNode(content: .mapping([]), span: SourceSpan(line: 1, column: 1), weight: 1),
      DiagnosticList(file: file))
  }

  /// The node at a path, nil when there is none.
  subscript(path: String) -> YAMLNode? {
    path.split(separator: ".").reduce(Optional(root)) { node, key in node?[String(key)] }
  }

  /// Puts a value at a path, in the place of what is there.
  mutating func set(_ path: String, _ value: YAMLNode, keySpan: SourceSpan? = nil) {
    root = Self.setting(
      path.split(separator: ".").map(String.init)[...], value, keySpan ?? value.span, in: root)
  }

  /// Puts text at a path.
  mutating func set(_ path: String, text: String, at span: SourceSpan) {
    set(path, YAMLNode(content: .scalar(text, isPlain: false), span: span, weight: 1))
  }

  /// Puts a number or a flag at a path.
  mutating func set(_ path: String, plain: String, at span: SourceSpan) {
    set(path, YAMLNode(content: .scalar(plain, isPlain: true), span: span, weight: 1))
  }

  /// Puts a variable of the ranks, whose name is one key whatever it is made of.
  mutating func set(variable name: String, _ value: String, at span: SourceSpan) {
    let value = YAMLNode(content: .scalar(value, isPlain: false), span: span, weight: 1)
    root = Self.setting(
      (FieldPath.variables.split(separator: ".").map(String.init) + [name])[...], value, span, in: root)
  }

  /// Says that something of the source is not in the manifest.
  mutating func leaveOut(_ what: String, _ why: String, at span: SourceSpan, help: String? = nil) {
    diagnostics.report(.notCarried, "\(what) is not carried over: \(why)", at: span, help: help)
  }

  private static func setting(
    _ path: ArraySlice<String>, _ value: YAMLNode, _ span: SourceSpan, in node: YAMLNode
  ) -> YAMLNode {
    guard let key = path.first else { return value }
    var members: [YAMLNode.Member] = []
    if case .mapping(let own) = node.content { members = own }
    let place = members.firstIndex { $0.key == key }
    let empty = YAMLNode(content: .mapping([]), span: span, weight: 1)
    let inner = setting(path.dropFirst(), value, span, in: place.map { members[$0].value } ?? empty)
    let member = YAMLNode.Member(key: key, keySpan: place.map { members[$0].keySpan } ?? span, value: inner)
    if let place { members[place] = member } else { members.append(member) }
    return YAMLNode(content: .mapping(members), span: node.span, weight: node.weight + 1)
  }
}
