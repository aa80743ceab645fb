/// What there is to know about a field, as labelled lines; `dpdeploy explain` and docs/manifest.md show the same.
public struct FieldExplanation: Sendable, Equatable {
  /// The field's path.
  public let path: String
  /// What the field is.
  public let summary: String
  /// Label and text, in the order to show: type, default, change, and what each engine and backend does.
  public let facts: [Fact]
  /// The fields below it, each with its summary.
  public let children: [Fact]

  /// A labelled line.
  public struct Fact: Sendable, Equatable {
    /// What it is about.
    public let label: String
    /// What there is to say.
    public let text: String

    /// A line that says `text` of `label`.
    public init(label: String, text: String) {
      self.label = label
      self.text = text
    }
  }

  /// The top level's fields, each with its summary.
  public static var topLevel: [Fact] { ManifestSchema.root.map { Fact(label: $0.name, text: $0.summary) } }

  /// Explains a field.
  public init(_ entry: ManifestSchema.Entry) {
    let field = entry.field
    path = entry.path
    summary = field.summary
    children = field.children.filter { !$0.isPassedOn }.map { Fact(label: $0.name, text: $0.summary) }
    guard field.children.isEmpty else {
      facts = []
      return
    }
    var facts = [Fact(label: "type", text: field.kind.words)]
    if field.isRequired { facts.append(Fact(label: "required", text: "yes")) }
    if field.fallback != .null { facts.append(Fact(label: "default", text: "`\(field.fallback.json())`")) }
    if field.isSecret { facts.append(Fact(label: "secret", text: "never shown or stored in clear")) }
    facts.append(Fact(label: "change", text: field.changeClass.meaning))
    facts.append(Fact(label: "bundled engine", text: field.bundled.words))
    if case .refused(_, let instead) = field.kind { facts = [Fact(label: "reserved", text: instead)] }
    facts.append(Fact(label: "engine: vllm", text: entry.vllm))
    facts.append(Fact(label: "backend: ray", text: entry.ray))
    self.facts = facts
  }

  /// Explains an environment variable of the ranks, nil for one nothing is known about.
  public init?(variable name: String) {
    let history = name.hasPrefix(VLLMVariables.prefix) ? VLLMVariables.standing(of: name) : nil
    let known = KnownVariable.named(name)
    guard known != nil || history != nil && history != .unknown else { return nil }
    path = FieldPath.variables + "." + name
    summary = known?.summary ?? "A variable of vLLM."
    children = []
    var facts = [Fact(label: "bundled engine", text: known?.bundled.words ?? "no effect: it is vLLM's")]
    switch history {
    case .gone(let last, let goneBy):
      facts.append(Fact(label: "vLLM", text: "\(last) has it, \(goneBy) does not"))
    case .current: facts.append(Fact(label: "vLLM", text: "\(VLLMVariables.newestRelease) has it"))
    default: break
    }
    if let instead = known?.instead { facts.append(Fact(label: "in its place", text: instead)) }
    self.facts = facts
  }
}

extension Standing {
  /// The standing in words.
  public var words: String {
    switch self {
    case .inEffect: "in effect"
    case .notYet(let meanwhile): "not yet: \(meanwhile)"
    case .noEffect(let reason): "no effect: \(reason)"
    }
  }
}

extension ChangeClass {
  /// What a change of this class does, in words.
  public var meaning: String {
    switch self {
    case .none: "no process notices"
    case .live: "carried out live"
    case .ingressRoll: "ingress replicas are replaced, ranks stay"
    case .groupRestart: "the group drains and starts again"
    case .recreate: "the deployment is made anew"
    }
  }
}

extension Field {
  /// Whether this is one of vLLM's flags that are only kept; lists of fields leave them out.
  var isPassedOn: Bool {
    if case .anything = kind, case .noEffect = bundled { VLLMFlags.names.contains(name) } else { false }
  }
}
