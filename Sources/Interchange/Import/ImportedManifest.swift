public import Manifest

/// A manifest made of another system's form of a deployment.
public struct ImportedManifest: Sendable {
  /// The manifest's text; nil when there is an error among ``remarks``.
  public let text: String?
  /// What could not be carried over, line by line, and what a reader of the manifest says of the rest.
  public let remarks: [Diagnostic]
  /// What was read, for excerpts.
  public let source: ManifestSource

  /// Reads a Ray Serve config, a RayService of KubeRay, a LeaderWorkerSet, or values of llm-d's `modelservice` chart.
  public init(of source: ManifestSource) {
    var diagnostics = DiagnosticList(file: source.name)
    let draft = Self.draft(from: source, &diagnostics)
    self.init(draft, diagnostics, source)
  }

  /// Reads a command line of `vllm serve`, with the assignments of variables before it.
  public init(ofCommand words: [String]) {
    let quoted = words.map(CommandWords.shell)
    let spanned = ShellWords.of(quoted.joined(separator: " "), line: 1, column: 1)
    let draft = ServeWords.read(spanned, into: Draft(file: "<command>"))
    let shown = quoted.indices.map {
      Self.isSecret($0, words) ? String(repeating: "*", count: quoted[$0].count) : quoted[$0]
    }
    self.init(draft, draft.diagnostics, ManifestSource(name: "<command>", text: shown.joined(separator: " ")))
  }

  /// Whether a word holds a secret, which no excerpt may show.
  private static func isSecret(_ place: Int, _ words: [String]) -> Bool {
    let secrets = ["--api-key", "--hf-token"]
    let name = String(words[place].prefix { $0 != "=" })
    if name != words[place] {
      return secrets.contains(name) || !name.hasPrefix("-") && SecretNames.matches(name)
    }
    return place > 0 && secrets.contains(words[place - 1])
  }

  private init(_ draft: Draft?, _ diagnostics: DiagnosticList, _ source: ManifestSource) {
    self.source = source
    guard let draft else {
      text = nil
      remarks = diagnostics.inOrder
      return
    }
    let complete = SchemaSieve.sift(Self.completed(draft))
    let reading = Manifest.read(complete.root, complete.diagnostics, of: source)
    remarks = reading.diagnostics
    text = reading.hasErrors ? nil : Self.text(complete, from: source.name)
  }

  private static func draft(from source: ManifestSource, _ diagnostics: inout DiagnosticList) -> Draft? {
    let source = YAMLDocuments(source).chosen(&diagnostics) {
      RayServiceReading.isOne($0) || LeaderWorkerSetReading.isOne($0)
    }
    guard let root = YAMLComposer.compose(source, &diagnostics) else { return nil }
    if RayServeConfig.isOne(root) {
      return RayServeConfig.manifest(from: root, &diagnostics).map { Draft($0, diagnostics) }
    }
    if RayServiceReading.isOne(root) { return RayServiceReading.draft(from: root, source, &diagnostics) }
    if LeaderWorkerSetReading.isOne(root) { return LeaderWorkerSetReading.draft(from: root, diagnostics) }
    if ModelServiceValues.isOne(root) { return ModelServiceValues.draft(from: root, diagnostics) }
    let isManifest = root["llm_config"] != nil
    diagnostics.report(
      .notYet,
      isManifest ? "this is a manifest already" : "this is no form of a deployment that is known here",
      at: root.span,
      help: isManifest
        ? "`dpdeploy validate` checks it"
        : """
        give a Ray Serve config, a RayService, a LeaderWorkerSet, values of llm-d's modelservice chart, or \
        `-- vllm serve …`
        """)
    return nil
  }

  /// What every manifest needs and the other systems have no word for.
  private static func completed(_ draft: Draft) -> Draft {
    var draft = draft
    let span = draft.root.span
    let source = draft[FieldPath.modelSource]
    if draft[FieldPath.modelID] == nil, let source, let path = source.text {
      let isFolder = path.hasPrefix("/") || path.hasPrefix(".")
      let id = isFolder ? path.split(separator: "/").last.map(String.init) ?? path : path
      draft.set(FieldPath.modelID, text: id, at: source.span)
    }
    if draft["name"] == nil, let model = draft[FieldPath.modelID]?.text {
      let last = model.split(separator: "/").last.map(String.init) ?? model
      draft.set("name", text: TextRule.label.proposal(for: last) ?? "app", at: span)
    }
    draft.set("engine", text: EngineKind.vllm.rawValue, at: span)
    return draft
  }

  private static func text(_ draft: Draft, from name: String) -> String {
    let left = draft.diagnostics.inOrder.filter { $0.code == .notCarried }.map { remark in
      "  - " + (remark.span.map { "line \($0.line): " } ?? "") + remark.message
    }
    let header =
      "Made by `dpdeploy import` of \(name)."
      + (left.isEmpty ? "" : "\nNot carried over:\n" + left.joined(separator: "\n"))
    let order = ["name", "engine", "llm_config"]
    let members = draft.root.members.filter { order.contains($0.key) }.sorted {
      (order.firstIndex(of: $0.key) ?? 0) < (order.firstIndex(of: $1.key) ?? 0)
    }
    let rest = draft.root.members.filter { !order.contains($0.key) }
    let root = YAMLNode(content: .mapping(members + rest), span: draft.root.span, weight: draft.root.weight)
    return YAMLText.comment(header).map { $0 + "\n" }.joined() + "apiVersion: \(ManifestSchema.apiVersion)\n"
      + YAMLText(root).document
  }
}

extension YAMLText {
  /// A node as it was written, but for comments and quotes.
  init(_ node: YAMLNode) {
    switch node.content {
    case .scalar(let text, isPlain: true): self = .plain(text)
    case .scalar(let text, isPlain: false): self = .scalar(.text(text))
    case .sequence(let items): self = .list(items.map { YAMLText($0) })
    case .mapping(let members): self = .map(members.map { Member(key: $0.key, value: YAMLText($0.value)) })
    }
  }
}
