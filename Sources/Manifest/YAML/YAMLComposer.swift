/// Builds the node tree of one document out of events: expands aliases, refuses duplicate keys, keeps every limit.
package struct YAMLComposer: ~Copyable {
  /// The longest text that is read, in bytes.
  static let longestText = 1 << 20
  /// The deepest nesting that is followed.
  static let deepestNesting = 48
  /// Nodes a document may have once its aliases are expanded.
  static let mostNodes = 20_000

  private var events: YAMLEvents
  let sourceLines: [Substring]
  private var diagnostics: DiagnosticList
  private var anchors: [String: YAMLNode] = [:]
  private var openAnchors: Set<String> = []
  private var nodeCount = 0

  /// The root of the only document, nil when it cannot be used; what is wrong goes to `diagnostics`.
  package static func compose(_ source: ManifestSource, _ diagnostics: inout DiagnosticList) -> YAMLNode? {
    guard source.text.utf8.count <= longestText else {
      diagnostics.report(
        .tooLarge, "the file has \(source.text.utf8.count) bytes; at most \(longestText) are read", at: nil,
        help: "a manifest is a few hundred lines; is this the right file?")
      return nil
    }
    var composer = YAMLComposer(source, diagnostics)
    defer { diagnostics = composer.diagnostics }
    return composer.document()
  }

  private init(_ source: ManifestSource, _ diagnostics: DiagnosticList) {
    sourceLines = source.lines
    self.diagnostics = diagnostics
    events = YAMLEvents(source.text)
  }

  private mutating func document() -> YAMLNode? {
    do {
      _ = try next()
      guard case .documentStart = try next().kind else {
        diagnostics.report(
          .empty, "the manifest is empty", at: nil,
          help: "start from manifests/quickstart.yaml, or see `dpdeploy explain`")
        return nil
      }
      let root = try node(try next(), depth: 0)
      _ = try next()
      let after = try next()
      guard case .documentStart = after.kind else { return root }
      diagnostics.report(
        .severalDocuments, "a second document starts here; a manifest is one document", at: after.span,
        help: "put each document into a file of its own")
      return root
    } catch {
      diagnostics.report(
        error.code, error.message, at: error.span, note: error.note, help: error.help,
        severity: error.severity)
      return nil
    }
  }

  private mutating func next() throws(Diagnostic) -> YAMLEvent {
    do {
      return try events.next()
    } catch {
      throw explain(error)
    }
  }

  private mutating func node(_ event: YAMLEvent, depth: Int) throws(Diagnostic) -> YAMLNode {
    guard depth <= Self.deepestNesting else {
      throw Diagnostic(
        .tooLarge, "nested deeper than \(Self.deepestNesting) levels", span: event.span,
        help: "a manifest needs six levels; is a bracket or an indent wrong?")
    }
    switch event.kind {
    case .alias(let name): return try expand(name, at: event.span)
    case .scalar(let text, let isPlain, let tag, let anchor):
      let plain = try treatsAsPlain(isPlain, tag, event.span)
      return try finish(.scalar(text, isPlain: plain), event.span, weight: 1, anchor)
    case .sequenceStart(let tag, let anchor):
      try refuse(tag: tag, event.span)
      return try sequence(event.span, anchor, depth)
    case .mappingStart(let tag, let anchor):
      try refuse(tag: tag, event.span)
      return try mapping(event.span, anchor, depth)
    default:
      throw Diagnostic(.syntax, "a value is expected here", span: event.span)
    }
  }

  private mutating func sequence(_ span: SourceSpan, _ anchor: String?, _ depth: Int) throws(Diagnostic)
    -> YAMLNode
  {
    open(anchor)
    var items: [YAMLNode] = []
    while true {
      let event = try next()
      if case .sequenceEnd = event.kind { break }
      items.append(try node(event, depth: depth + 1))
    }
    return try finish(.sequence(items), span, weight: items.reduce(1) { $0 + $1.weight }, anchor)
  }

  private mutating func mapping(_ span: SourceSpan, _ anchor: String?, _ depth: Int) throws(Diagnostic)
    -> YAMLNode
  {
    open(anchor)
    var members: [YAMLNode.Member] = []
    var merged: [YAMLNode.Member] = []
    var firstUses: [String: SourceSpan] = [:]
    while true {
      let event = try next()
      if case .mappingEnd = event.kind { break }
      let key = try node(event, depth: depth + 1)
      let value = try node(try next(), depth: depth + 1)
      guard case .scalar(let name, let isPlain) = key.content, !name.isEmpty else {
        diagnostics.report(.wrongType, "a key must be a word, not \(key.kind)", at: key.span)
        continue
      }
      if name == "<<", isPlain {
        merged += try mergeable(value)
      } else if let first = firstUses[name] {
        diagnostics.report(
          .duplicateKey, "`\(name)` is given twice", at: key.span,
          note: "it was first given on line \(first.line)", help: "keep one of the two")
      } else {
        firstUses[name] = key.span
        members.append(YAMLNode.Member(key: name, keySpan: key.span, value: value))
      }
    }
    for member in merged where firstUses[member.key] == nil {
      firstUses[member.key] = member.keySpan
      members.append(member)
    }
    let weight = members.reduce(1) { $0 + 1 + $1.value.weight }
    return try finish(.mapping(members), span, weight: weight, anchor)
  }

  /// What `<<` brings in: a mapping, or a list of mappings of which earlier ones win.
  private func mergeable(_ value: YAMLNode) throws(Diagnostic) -> [YAMLNode.Member] {
    switch value.content {
    case .mapping(let members): return members
    case .sequence(let items):
      var all: [YAMLNode.Member] = []
      for item in items { all += try mergeable(item) }
      return all
    case .scalar:
      throw Diagnostic(
        .wrongType, "`<<` merges a mapping, found \(value.kind)", span: value.span,
        help: "write `<<: *name` with the anchor of a mapping")
    }
  }

  private mutating func expand(_ name: String, at span: SourceSpan) throws(Diagnostic) -> YAMLNode {
    guard let target = anchors[name] else {
      let message =
        openAnchors.contains(name)
        ? "`*\(name)` stands inside the value it names" : "no anchor `&\(name)` above"
      throw Diagnostic(
        .badAlias, message, span: span, help: Suggestion.sentence(for: name, among: anchors.keys.sorted()))
    }
    try count(target.weight, span)
    return target
  }

  private mutating func open(_ anchor: String?) {
    if let anchor { openAnchors.insert(anchor) }
  }

  private mutating func finish(
    _ content: YAMLNode.Content, _ span: SourceSpan, weight: Int, _ anchor: String?
  ) throws(Diagnostic) -> YAMLNode {
    try count(1, span)
    let node = YAMLNode(content: content, span: span, weight: weight)
    if let anchor {
      openAnchors.remove(anchor)
      anchors[anchor] = node
    }
    return node
  }

  private mutating func count(_ nodes: Int, _ span: SourceSpan) throws(Diagnostic) {
    nodeCount += nodes
    guard nodeCount <= Self.mostNodes else {
      throw Diagnostic(
        .tooLarge, "more than \(Self.mostNodes) values once aliases are expanded", span: span,
        help: "write the values out, or use fewer aliases of aliases")
    }
  }

  private func treatsAsPlain(_ isPlain: Bool, _ tag: String?, _ span: SourceSpan) throws(Diagnostic) -> Bool {
    switch tag {
    case nil: return isPlain
    case "!", "tag:yaml.org,2002:str": return false
    case "tag:yaml.org,2002:int", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:float",
      "tag:yaml.org,2002:null":
      return true
    case .some(let other): throw Self.unknownTag(other, span)
    }
  }

  private func refuse(tag: String?, _ span: SourceSpan) throws(Diagnostic) {
    guard let tag, tag != "tag:yaml.org,2002:map", tag != "tag:yaml.org,2002:seq" else { return }
    throw Self.unknownTag(tag, span)
  }

  private static func unknownTag(_ tag: String, _ span: SourceSpan) -> Diagnostic {
    Diagnostic(.syntax, "the tag `\(tag)` means nothing here", span: span, help: "remove the tag")
  }
}
