import ControlAPI
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
}

/// What `doctor --json` prints.
struct PreflightReport: Encodable {
  /// A check in it; `null` where there is nothing to do.
  struct Line: Encodable {
    let id: String
    let verdict: String
    let evidence: String
    let cure: Known<String>
    let fix: Known<String>
  }

  let apiVersion = ManifestSchema.apiVersion
  let kind = "Preflight"
  let schemaVersion = "1.1"
  let checks: [Line]
  /// The machine with its accelerators, as far as they tell.
  let machine: MachineStatus

  init(_ checks: [Check], _ machine: MachineStatus) {
    self.checks = checks.map {
      Line(
        id: $0.id, verdict: $0.verdict.rawValue, evidence: $0.evidence, cure: Known($0.cure),
        fix: Known($0.repair?.description))
    }
    self.machine = machine
  }
}
