/// What to do about something that is wrong, and the numbers that say so.
public struct Hint: Codable, Sendable, Hashable {
  /// The rule, such as `H07`; the runbook in `docs/operations.md` is ordered by it.
  public var id: String
  /// How much it matters.
  public var severity: Severity
  /// One line: symptom and cause.
  public var title: String
  /// The measured facts behind it, one a line.
  public var evidence: [String]
  /// The manifest field to change, such as `llm_config.engine_kwargs.max_num_seqs`; absent when none would help.
  public var field: String?
  /// The value to give it, as YAML; absent when only the operator can say.
  public var value: String?
  /// What to do, in words.
  public var advice: String
  /// Since when it has held, RFC 3339 in UTC.
  public var since: String?
  /// The replica that it is about, if one.
  public var replica: String?

  /// States a hint.
  public init(
    id: String, severity: Severity, title: String, evidence: [String], field: String? = nil,
    value: String? = nil,
    advice: String, since: String? = nil, replica: String? = nil
  ) {
    self.id = id
    self.severity = severity
    self.title = title
    self.evidence = evidence
    self.field = field
    self.value = value
    self.advice = advice
    self.since = since
    self.replica = replica
  }
}
