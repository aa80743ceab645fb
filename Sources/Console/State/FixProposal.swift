public import ControlAPI
public import Diagnosis

/// What tells one hint of an application from another, from look to look.
public struct HintKey: Sendable, Hashable {
  private let id: String
  private let replica: String?

  init(_ hint: Hint) {
    id = hint.id
    replica = hint.replica
  }
}

/// A hint's change of a manifest, before it is carried out.
public struct FixProposal: Sendable, Hashable {
  /// What the hint proposes.
  public var fix: HintFix
  /// The application.
  public var application: String
  /// The manifest's file.
  public var path: String
  /// The file's text as it was read.
  public var before: String
  /// The text with the change in it.
  public var after: String
  /// The lines that change, `- ` or `+ ` before each, secrets hidden.
  public var lines: [String]
  /// What an apply of the changed text would do.
  public var plan: PlanResult

  /// Fields in which the file differs from what runs besides those that the hint changes.
  public var others: [String] { plan.changes.map(\.path).filter { !fix.fields.contains($0) } }
}
