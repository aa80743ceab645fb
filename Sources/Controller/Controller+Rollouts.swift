import ControlAPI
import Deployment
import Manifest
import Platform

/// What the API asks for about rollouts.
extension Controller {
  /// What an apply would do; does nothing.
  func plan(_ request: ApplyRequest) async throws(ControlError) -> PlanResult {
    let accepted = try ManifestIntake(tools: surroundings.tools).accept(
      request.manifest, path: request.path, folder: request.workingDirectory)
    try checkBackend(accepted)
    if accepted.manifest.backend == .ray { return try await planOnRay(accepted) }
    try check(accepted.spec)
    let name = accepted.manifest.name
    try await checkDevices(accepted, runners[name])
    guard let runner = runners[name] else {
      let spec = accepted.spec
      return PlanResult(
        application: name, revision: 0, outcome: .created, changes: [],
        steps: ["\(spec.groups * spec.engine.size) ranks and \(spec.ingressReplicas) ingress replicas start"],
        interruptionSeconds: .known(0))
    }
    let (wanted, changes, isSame) = difference(runner, accepted)
    let plan = RolloutPlan(from: runner.state, to: wanted.spec)
    let release = runner.stored.scale.status.map {
      "what was set by hand (\($0.words)) ends: the manifest's numbers hold again"
    }
    return PlanResult(
      application: name, revision: runner.stored.revision, outcome: isSame ? .unchanged : .updated,
      changes: changes, steps: plan.steps + (release.map { [$0] } ?? []),
      interruptionSeconds: Known(plan.interruption?.inSeconds))
  }

  /// Every accepted apply of an application.
  func revisions(of name: String) async throws(ControlError) -> RevisionList {
    let runner = try application(name)
    let healthy = runner.lastHealthy
    return RevisionList(
      revisions: try await storedRevisions(of: name).map {
        var revision = Revision(
          number: $0.number, appliedAt: $0.appliedAt, isCurrent: $0.number == runner.stored.revision,
          isLastHealthy: $0.number == healthy)
        revision.scale = $0.scale.status
        return revision
      })
  }

  /// Halts, goes on with, or takes back a rollout.
  func rollout(_ request: RolloutRequest, of name: String) async throws(ControlError) -> ApplyResult {
    let runner = try application(name)
    switch request.action {
    case .undo: return try await goBack(name, to: request.to ?? runner.stored.revision - 1)
    case .pause, .resume: try localRunner(name, "halt a rollout").pause(request.action == .pause)
    case .restart: try await restartAll(try localRunner(name, "restart replicas"), request.only)
    }
    return ApplyResult(
      application: name, revision: runner.stored.revision, outcome: .unchanged, changes: [], warnings: [])
  }

  /// Has everything, or one kind, started again a few at a time; what was asked for is on disk then.
  private func restartAll(_ runner: ApplicationRunner, _ kind: RolloutRequest.Kind?)
    async throws(ControlError)
  {
    let name = runner.stored.name
    guard !runner.stored.isDeleting else {
      throw ControlError(code: "conflict", message: "\(name) is being deleted", exitCode: 9)
    }
    guard !runner.state.rollout.isPaused else {
      throw ControlError(
        code: "conflict", message: "the rollout of \(name) is paused; run: dpdeploy rollout resume \(name)",
        exitCode: 9)
    }
    try begin(name)
    defer { finish(name) }
    runner.restartAll(ranks: kind != .ingress, ingress: kind != .ranks)
    await surroundings.store.flush()
  }

  /// Carries a healthy revision out again after a failure; a failure to do so is told, and the failed one stays.
  func rollBack(_ name: String, to number: Int) async {
    Failpoint.rollbackBegins.pass()
    do { _ = try await goBack(name, to: number) } catch {
      let runner = try? application(name)
      runner?.giveUpRollback()
      runner?.record(
        EventRecord(.error, .controllerError, "revision \(number) cannot be brought back: \(error.message)"))
    }
  }

  /// An earlier revision's manifest becomes a new revision.
  private func goBack(_ name: String, to number: Int) async throws(ControlError) -> ApplyResult {
    guard let former = try await storedRevisions(of: name).first(where: { $0.number == number }) else {
      throw ControlError(
        code: "not-found",
        message: "\(name) has no revision \(number); `dpdeploy rollout history \(name)` lists them")
    }
    let runner = try application(name)
    let (path, folder) = (runner.stored.path, runner.stored.folder)
    let accepted = try ManifestIntake(tools: surroundings.tools).accept(
      former.manifest, path: path, folder: folder, scale: former.scale)
    try begin(name)
    defer { finish(name) }
    return try await carryOut(
      accepted,
      ApplyRequest(
        manifest: former.manifest, path: path, workingDirectory: folder, clientVersion: Version.current,
        noRollback: true), scale: former.scale)
  }

  private func storedRevisions(of name: String) async throws(ControlError) -> [StoredRevision] {
    do { return try await surroundings.store.revisions(of: name) } catch {
      throw ControlError(code: "store-failed", message: "the revisions cannot be read: \(error)")
    }
  }
}
