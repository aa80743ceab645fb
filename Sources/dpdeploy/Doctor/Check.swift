import Manifest

/// What one look at the machine found.
struct Check: Sendable, Equatable {
  /// What it means for a deployment.
  enum Verdict: String, Sendable, CaseIterable {
    case pass = "PASS"
    /// It will run, and not well.
    case warn = "WARN"
    /// It will not run.
    case fail = "FAIL"
    /// There was nothing to look at.
    case skip = "SKIP"
  }

  /// A stable word for scripts.
  let id: String
  let verdict: Verdict
  /// What was found.
  let evidence: String
  /// What to do about it; nil where there is nothing to do.
  let cure: String?
  /// What `--fix` does about it; nil where only a person can.
  let repair: Repair?

  init(_ id: String, _ verdict: Verdict, _ evidence: String, cure: String? = nil, repair: Repair? = nil) {
    self.id = id
    self.verdict = verdict
    self.evidence = evidence
    self.cure = cure
    self.repair = repair
  }

  /// The checks as one object.
  static func document(_ checks: [Check]) -> Value {
    .map([
      .init("apiVersion", .text(ManifestSchema.apiVersion)), .init("kind", .text("Preflight")),
      .init("schemaVersion", .text("1.0")), .init("checks", .list(checks.map(\.object))),
    ])
  }

  private var object: Value {
    let mending: Value = cure.map { .text($0) } ?? .null
    let fix: Value = repair.map { .text($0.description) } ?? .null
    return .map([
      .init("id", .text(id)), .init("verdict", .text(verdict.rawValue)), .init("evidence", .text(evidence)),
      .init("cure", mending), .init("fix", fix),
    ])
  }
}
