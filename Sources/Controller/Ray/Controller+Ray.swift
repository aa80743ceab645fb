import ControlAPI
import Deployment
import JSON
import Manifest
import Platform
import Ray
import RayClient

/// Applications on Ray clusters.
extension Controller {
  /// An application, wherever it runs.
  func application(_ name: String) throws(ControlError) -> any RunningApplication {
    if let runner = runners[name] { return runner }
    if let runner = rayRunners[name] { return runner }
    throw .noSuch(name)
  }

  /// All applications, wherever they run.
  var applications: [any RunningApplication] {
    runners.values.map { $0 as any RunningApplication }
      + rayRunners.values.map { $0 as any RunningApplication }
  }

  /// An application keeps its backend: what the other one runs would be left behind.
  func checkBackend(_ accepted: AcceptedManifest) throws(ControlError) {
    let name = accepted.manifest.name
    let isRay = accepted.manifest.backend == .ray
    guard isRay ? runners[name] != nil : rayRunners[name] != nil else { return }
    throw ControlError(
      code: "conflict",
      message:
        "\(name) runs on backend \(isRay ? "local" : "ray"); `dpdeploy delete \(name)`, then apply it again",
      exitCode: 9)
  }

  /// Declares an application, after everything that can be known before was checked.
  ///
  /// It is recorded when the cluster has taken it: until then nothing has changed anywhere, and an application that
  /// carries this controller's mark is taken up again by the next apply.
  func applyToRay(
    _ accepted: AcceptedManifest, _ request: ApplyRequest, scale: Scale = Scale()
  ) async throws(ControlError) -> ApplyResult {
    let name = accepted.manifest.name
    let runner = rayRunners[name]
    if let runner { try check(runner.stored, request) }
    let changes = runner.map { difference($0.request, accepted) } ?? []
    let isSame = runner.map { changes.isEmpty && $0.stored.scale == scale && $0.isInStep } ?? false
    var stored =
      runner?.stored
      ?? StoredApplication(
        name: name, revision: 0, manifest: request.manifest, path: request.path,
        folder: request.workingDirectory, createdAt: Timestamp.now, port: 0, isDeleting: false)
    let result = { (outcome: ApplyResult.Outcome, revision: Int) in
      ApplyResult(
        application: name, revision: revision, outcome: outcome, changes: changes, warnings: accepted.warnings
      )
    }
    if isSame { return result(.unchanged, stored.revision) }
    let declared = try await declare(accepted)
    stored.revision += 1
    stored.manifest = request.manifest
    stored.path = request.path
    stored.folder = request.workingDirectory
    stored.scale = scale
    try await write([.application(stored)])
    if let runner {
      runner.began(
        accepted, stored, rollsBack: accepted.manifest.rollout.autoRollback && request.noRollback != true,
        deployedBefore: declared.deployedBefore)
      let fields =
        changes.isEmpty ? "nothing, and is declared again" : changes.map(\.path).joined(separator: ", ")
      runner.record(EventRecord(.info, .applied, "revision \(stored.revision) changes \(fields)"))
      return result(.updated, stored.revision)
    }
    let rollout = RayRollout(
      revision: stored.revision, at: WallClock.secondsSinceEpoch, allowing: accepted.healthyDeadline,
      deployedBefore: declared.deployedBefore)
    follow(accepted, stored, rollout)
    rayRunners[name]?.record(
      EventRecord(.info, .applied, "\(name) was created on \(accepted.rayCluster.address), revision 1"))
    return result(.created, stored.revision)
  }

  /// What an apply to a cluster would do, after the same checks.
  func planOnRay(_ accepted: AcceptedManifest) async throws(ControlError) -> PlanResult {
    let name = accepted.manifest.name
    let new = accepted.rayApplication(owner: surroundings.homeHash)
    do { _ = try await examine(accepted, new) } catch { throw ControlError(error) }
    guard let runner = rayRunners[name] else {
      return PlanResult(
        application: name, revision: 0, outcome: .created, changes: [],
        steps: [
          "Ray Serve is to run \(new.blocks) block\(new.blocks == 1 ? "" : "s") of \(new.placement.ranksPerNode) ranks, each on one node, and \(accepted.spec.ingressReplicas) ingress replicas"
        ], interruptionSeconds: .known(0))
    }
    let changes = difference(runner.request, accepted)
    let old = runner.application.config
    var steps: [String] = []
    if old["args"] != new.config["args"] {
      steps.append("every replica restarts: their arguments change, and Ray stops the old ones first")
    } else if old["deployments"] != new.config["deployments"] {
      steps.append("replicas are started or stopped; the others go on")
    }
    if !runner.isInStep { steps.append("what was changed on the cluster is declared again") }
    return PlanResult(
      application: name, revision: runner.stored.revision,
      outcome: changes.isEmpty && runner.isInStep ? .unchanged : .updated, changes: changes, steps: steps,
      interruptionSeconds: .unknown)
  }

  /// Goes on following what a former controller declared.
  func follow(_ accepted: AcceptedManifest, _ stored: StoredApplication, _ rollout: RayRollout) {
    let runner = RayRunner(accepted, stored, rollout, surroundings)
    runner.onRollback = { [weak self] revision in
      Loop.task { await self?.rollBack(stored.name, to: revision) }
    }
    runner.onGone = { [weak self] in
      self?.rayRunners[stored.name] = nil
      self?.restIfIdle()
    }
    rayRunners[stored.name] = runner
    idleTimer.cancel()
  }

  private func declare(_ accepted: AcceptedManifest) async throws(ControlError) -> (
    deployedBefore: Double?, cluster: RayCluster
  ) {
    let application = accepted.rayApplication(owner: surroundings.homeHash)
    let cluster = accepted.rayCluster
    do throws(RayError) {
      let details = try await examine(accepted, application)
      let ingress = accepted.manifest.ingress
      let body = try Declaration.put(
        application.config, owner: surroundings.homeHash, into: details,
        listener: .object([
          .init("host", .string(ingress.host)),
          .init("port", .integer(ingress.port == 0 ? 8000 : ingress.port)),
        ]))
      try await cluster.declare(body)
      return (details[accepted.manifest.name]?.deployedAt, cluster)
    } catch { throw ControlError(error) }
  }

  /// Everything that can be known before a declaration.
  private func examine(
    _ accepted: AcceptedManifest, _ application: RayServeApplication
  ) async throws(RayError) -> ServeDetails {
    let cluster = accepted.rayCluster
    _ = try await cluster.version()
    let details = try await cluster.details()
    try Declaration.checkOwner(surroundings.homeHash, of: accepted.manifest.name, in: details)
    try application.placement.check(
      blocks: application.blocks, of: application.bundle, on: try await cluster.nodes())
    return details
  }

  private func difference(_ old: AcceptedManifest, _ new: AcceptedManifest) -> [ControlAPI.FieldChange] {
    Manifest.diff(old.manifest, new.manifest).map {
      ControlAPI.FieldChange(
        path: $0.path, before: $0.old, after: $0.new, changeClass: $0.changeClass.rawValue)
    }
  }
}

extension ControlError {
  /// The same for a client.
  init(_ error: RayError) {
    self.init(code: error.code, message: error.description, exitCode: error.exitCode)
  }
}
