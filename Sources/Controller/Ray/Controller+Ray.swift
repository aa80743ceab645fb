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
    let deployedBefore = try await declare(accepted, overwrites: request.overwrite == true)
    stored.revision += 1
    stored.manifest = request.manifest
    stored.path = request.path
    stored.folder = request.workingDirectory
    stored.scale = scale
    try await write([.application(stored)])
    if let runner {
      runner.began(
        accepted, stored, rollsBack: accepted.manifest.rollout.autoRollback && request.noRollback != true,
        deployedBefore: deployedBefore)
      let fields =
        changes.isEmpty ? "nothing, and is declared again" : changes.map(\.path).joined(separator: ", ")
      runner.record(EventRecord(.info, .applied, "revision \(stored.revision) changes \(fields)"))
      return result(.updated, stored.revision)
    }
    let rollout = RayRollout(
      revision: stored.revision, at: WallClock.secondsSinceEpoch, allowing: accepted.healthyDeadline,
      deployedBefore: deployedBefore)
    follow(accepted, stored, rollout)
    rayRunners[name]?.record(
      EventRecord(.info, .applied, "\(name) was created on \(accepted.rayCluster.address), revision 1"))
    return result(.created, stored.revision)
  }

  /// What an apply to a cluster would do, after the same checks.
  func planOnRay(_ accepted: AcceptedManifest) async throws(ControlError) -> PlanResult {
    let name = accepted.manifest.name
    let new = accepted.rayApplication(owner: surroundings.homeHash)
    let details = try await examine(accepted, new)
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
    let drift = runner.drift(in: details)
    if !drift.isEmpty {
      steps.append(
        "apply refuses without --overwrite: somebody changed \(drift.joined(separator: ", ")) on the cluster")
    }
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

  /// Returns when the application was deployed before, by the cluster's clock.
  private func declare(_ accepted: AcceptedManifest, overwrites: Bool) async throws(ControlError) -> Double? {
    let application = accepted.rayApplication(owner: surroundings.homeHash)
    let details = try await examine(accepted, application)
    if !overwrites { try checkDrift(of: accepted.manifest.name, in: details) }
    let ingress = accepted.manifest.ingress
    do throws(RayError) {
      let body = try Declaration.put(
        application.config, owner: surroundings.homeHash, into: details,
        listener: .object([
          .init("host", .string(ingress.host)),
          .init("port", .integer(ingress.port == 0 ? 8000 : ingress.port)),
        ]))
      try await accepted.rayCluster.declare(body)
      return details[accepted.manifest.name]?.deployedAt
    } catch { throw ControlError(error) }
  }

  /// What somebody else changed on the cluster is not undone unasked.
  private func checkDrift(of name: String, in details: ServeDetails) throws(ControlError) {
    let drift = rayRunners[name]?.drift(in: details) ?? []
    guard !drift.isEmpty else { return }
    throw ControlError(
      code: "drift",
      message:
        "somebody changed \(name) on the cluster since it was applied: \(drift.joined(separator: ", ")); take that into the manifest, and put yours in its place with `dpdeploy apply --overwrite`",
      exitCode: 9)
  }

  /// Everything that can be known before a declaration.
  private func examine(
    _ accepted: AcceptedManifest, _ application: RayServeApplication
  ) async throws(ControlError) -> ServeDetails {
    let name = accepted.manifest.name
    // What served before comes back even where the room is gone: it then waits for it.
    let comesBack = rayRunners[name]?.rollout.comingBack != nil
    let preflight = ClusterPreflight(cluster: accepted.rayCluster, application: application, name: name)
    do throws(RayError) {
      let details = try await preflight.details(owner: surroundings.homeHash)
      if !comesBack { try await preflight.checkFree(on: try await preflight.nodes()) }
      return details
    } catch { throw ControlError(error) }
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
