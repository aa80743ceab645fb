/// Every field of the schema with its value in effect, in the schema's order.
///
/// A field nobody wrote has its default. Free-form maps (`env_vars`) hold what the file holds.
public struct Settings: Sendable, Equatable {
  /// One field and its value.
  public struct Entry: Sendable, Equatable {
    /// The field's path, such as `llm_config.engine_kwargs.max_num_seqs`.
    public let path: String
    /// The value in effect.
    public let value: Value
    /// Where the file wrote the value; nil for a default.
    public let span: SourceSpan?
    /// Whether the value must not be shown.
    public let isSecret: Bool
    /// What a change of this field costs.
    public let changeClass: ChangeClass

    /// Two entries are equal when they mean the same; where they were written does not count.
    public static func == (left: Entry, right: Entry) -> Bool {
      left.path == right.path && left.value == right.value
    }
  }

  /// What stands in the place of a secret.
  public static let redacted = "<redacted>"

  /// The fields in the schema's order.
  public let entries: [Entry]
  private let positions: [String: Int]

  init(_ entries: [Entry]) {
    self.entries = entries
    positions = Dictionary(
      entries.enumerated().map { ($1.path, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The field at a path.
  public subscript(path: String) -> Entry? { positions[path].map { entries[$0] } }

  /// Where the file wrote a field, for errors that are found later than reading; nil for a default.
  public func span(of path: String) -> SourceSpan? { self[path]?.span }

  /// Compares meanings only.
  public static func == (left: Settings, right: Settings) -> Bool { left.entries == right.entries }
}

/// What a change of a field costs a running deployment, from nothing to everything.
public enum ChangeClass: String, Sendable, CaseIterable, Comparable {
  /// Nothing happens to any process.
  case none
  /// Carried out while everything runs.
  case live
  /// The ingress replicas are replaced one by one; no request is lost.
  case ingressRoll = "ingress-roll"
  /// The group drains and starts again.
  case groupRestart = "group-restart"
  /// The deployment is taken down and made anew.
  case recreate

  /// Orders by cost.
  public static func < (left: ChangeClass, right: ChangeClass) -> Bool { left.rank < right.rank }

  private var rank: Int { ChangeClass.allCases.firstIndex(of: self) ?? 0 }
}
