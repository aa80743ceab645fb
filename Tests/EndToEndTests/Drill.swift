import ControlAPI
import Platform
import Testing

/// A way in which deployments go wrong: how to bring one about for real, and the hint that must come first.
struct Drill: CustomTestStringConvertible, Sendable {
  /// What was done to be rid of the state again.
  enum Cure: Sendable {
    /// What the hint proposes, written into the manifest by `dpdeploy hints --fix`, and applied.
    case fix
    /// The quickstart manifest with these changes instead, where the hint names a field and nobody can know its value.
    case manifest([(from: String, to: String)])
    /// Something outside of the manifest.
    case act(Act)
  }

  typealias Act = @Loop @Sendable (DrillScene) async throws -> Void

  /// What is wrong, in the seed guide's words where it has them.
  let state: String
  /// How the drill brings it about.
  let means: String
  /// The hint that must come first.
  let hint: String
  /// What clears it, for the table.
  var cleared = "the proposed fix"
  /// The bundled model, or a fixture made into another one.
  var model = DrillModel.bundled
  /// What the quickstart manifest says otherwise.
  var changes: [(from: String, to: String)] = []
  /// Who asks meanwhile.
  var users: [DrillUsers] = []
  /// Whether the deployment becomes HEALTHY at first.
  var starts = true
  /// Whether `make test` has time for it.
  var isShort = false
  /// What is done to the deployment.
  var act: Act = { _ in }
  /// What is done about it.
  var cure = Cure.fix

  var testDescription: String { state }

  /// The row of the table in `docs/operations.md`.
  var row: String { "| \(state) | \(means) | [\(hint)](#\(hint.lowercased())) | \(cleared) |" }
}

/// What a drill can act upon.
@Loop
final class DrillScene {
  let stage: Stage
  let application: ApplicationStatus
  private var load: DrillLoad?

  init(_ stage: Stage, _ application: ApplicationStatus, users: [DrillUsers]) throws {
    self.stage = stage
    self.application = application
    try replaceUsers(by: users)
  }

  /// Lets the users go, and others begin.
  func replaceUsers(by users: [DrillUsers]) throws {
    load?.stop()
    load = try users.isEmpty ? nil : DrillLoad(users, at: Questioner(application).endpoint)
  }
}

extension DrillScene {
  /// The process of a rank that was started again so often, once it runs.
  func pid(of rank: String, restarts: Int) async throws -> Int32 {
    try await wait(for: "life \(restarts + 1) of \(rank)", within: .seconds(15)) {
      let replica = try await stage.application()?.replicas(.rank).first { $0.id == rank }
      guard let replica, replica.restarts == restarts, replica.state == .running else { return nil }
      return replica.pid.value
    }
  }
}
