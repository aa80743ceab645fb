/// What to do about something that is wrong, and the numbers that say so.
public struct Hint: Codable, Sendable, Hashable {
  /// The rule, such as `H07`.
  public var id: String
  /// How much it matters.
  public var severity: Severity
  /// How sure the rule is of the cause; absent from a controller that does not say.
  public var confidence: Confidence?
  /// One line: symptom and cause.
  public var title: String
  /// Why this happens, in words.
  public var cause: String?
  /// The measured facts behind it.
  public var evidence: [Evidence]
  /// The manifest field to change, such as `llm_config.engine_kwargs.max_num_seqs`; absent when none would help.
  public var field: String?
  /// The field's value now, as YAML; absent when it is not set.
  public var current: String?
  /// The value to give it, as YAML; absent when only the operator can say.
  public var value: String?
  /// Further fields that must change with it; absent when there are none.
  public var alongside: [FieldValue]?
  /// What to do, in words.
  public var advice: String
  /// Where the runbook tells more, such as `docs/operations.md#h07`.
  public var runbook: String?
  /// Since when it has held, RFC 3339 in UTC.
  public var since: String?
  /// The replica that it is about, if one.
  public var replica: String?

  /// States a hint.
  public init(
    id: String, severity: Severity, confidence: Confidence? = nil, title: String, cause: String? = nil,
    evidence: [Evidence], field: String? = nil, current: String? = nil, value: String? = nil,
    alongside: [FieldValue]? = nil, advice: String,
    runbook: String? = nil, since: String? = nil, replica: String? = nil
  ) {
    self.id = id
    self.severity = severity
    self.confidence = confidence
    self.title = title
    self.cause = cause
    self.evidence = evidence
    self.field = field
    self.current = current
    self.value = value
    self.alongside = alongside
    self.advice = advice
    self.runbook = runbook
    self.since = since
    self.replica = replica
  }
}

/// A field of the manifest and a value for it, as YAML.
public struct FieldValue: Codable, Sendable, Hashable {
  /// The field's path.
  public var field: String
  /// The value.
  public var value: String

  /// Pairs them.
  public init(field: String, value: String) {
    self.field = field
    self.value = value
  }
}

/// How sure a rule is that the cause it names is the cause.
public enum Confidence: String, Codable, Sendable, CaseIterable {
  /// Other causes would look the same.
  case low
  /// Other causes are possible.
  case medium
  /// The numbers leave no other cause that we know.
  case high
}

/// A measured fact, and the panel of dptop that shows it.
public struct Evidence: Codable, Sendable, Hashable {
  /// The fact, with its numbers.
  public var text: String
  /// Where dptop shows it.
  public var panel: Panel

  /// States a fact.
  public init(_ text: String, on panel: Panel) {
    self.text = text
    self.panel = panel
  }

  /// dptop's panels.
  public enum Panel: String, Codable, Sendable, CaseIterable {
    case overview, replicas, ingress, latency, queue, experts, events, manifest, nodes
  }
}
