import ControlAPI
import Deployment
import Glibc
import Manifest
import Platform

/// What the API asks for.
extension Controller {
  var version: VersionInfo { VersionInfo(version: Version.current, pid: getpid()) }

  func status(only name: String?) -> Status {
    let chosen = applications.filter { name == nil || $0.stored.name == name }
    var controller = ControllerStatus.running(version: Version.current, pid: getpid())
    controller.stateDurable = surroundings.store.failure == nil
    controller.stateProblem = surroundings.store.failure?.description
    return Status(
      generatedAt: Timestamp.now, controller: controller,
      applications: chosen.map(\.status).sorted { $0.name < $1.name })
  }

  /// What happened since `cursor`, with metrics over the last `window` seconds.
  func snapshot(since cursor: Int, over window: Double) -> Snapshot {
    let log = surroundings.events
    let since = cursor > log.cursor ? 0 : cursor
    var status = status(only: nil)
    for index in status.applications.indices {
      guard let runner = try? application(status.applications[index].name) else { continue }
      status.applications[index].metrics = runner.metrics(over: window)
    }
    return Snapshot(
      sequence: log.cursor, status: status,
      history: Dictionary(
        uniqueKeysWithValues: applications.map { ($0.stored.name, $0.points(after: since)) }),
      events: log.events(afterCursor: since))
  }

  func insight(of name: String, over window: Double) throws(ControlError) -> Insight {
    try application(name).insight(over: window, wall: WallClock.secondsSinceEpoch)
  }

  func events(since sequence: Int, of application: String?) -> EventPage {
    EventPage(
      events: surroundings.events.events(after: sequence, application: application),
      next: max(sequence, surroundings.events.newest))
  }

  func logs(of name: String, _ query: LogQuery) throws(ControlError) -> LogPage {
    let folder = home.logs(of: name)
    guard (try? application(name)) != nil || (!name.contains("/") && access(folder, R_OK) == 0) else {
      throw .noSuch(name)
    }
    return LogReader(folder: folder).page(query)
  }

  func check(_ name: String) throws(ControlError) {
    _ = try application(name)
  }

  /// Puts somebody's words among the events, so that who looks on knows what they see.
  func remark(_ request: RemarkRequest, on name: String) throws(ControlError) {
    try check(name)
    let line = request.text.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(200)
    surroundings.events.append(
      EventRecord(.info, .remark, String(line)), application: name, lastLines: nil)
  }

  func restart(_ replica: String, of name: String) throws(ControlError) {
    let runner = try localRunner(name, "restart a replica")
    guard runner.restart(replica: replica) else {
      throw ControlError(code: "not-found", message: "\(name) has no replica \(replica)")
    }
  }

  func delete(_ name: String) async throws(ControlError) {
    let runner = try application(name)
    guard !runner.stored.isDeleting else { return }
    try begin(name)
    defer { finish(name) }
    var stored = runner.stored
    stored.isDeleting = true
    try await write([.application(stored)])
    Failpoint.deleteRecorded.pass()
    runner.delete()
  }

  func apply(_ request: ApplyRequest) async throws(ControlError) -> ApplyResult {
    guard request.clientVersion == Version.current else {
      throw ControlError(
        code: "version-mismatch",
        message: """
          the controller is version \(Version.current), the client \(request.clientVersion); \
          `dpdeploy daemon stop`, then run this again
          """, exitCode: 9)
    }
    let accepted = try ManifestIntake(tools: surroundings.tools).accept(
      request.manifest, path: request.path, folder: request.workingDirectory)
    let name = accepted.manifest.name
    try checkBackend(accepted)
    try begin(name)
    defer { finish(name) }
    if accepted.manifest.backend == .ray { return try await applyToRay(accepted, request) }
    guard let runner = runners[name] else {
      try await checkDevices(accepted)
      return try await create(accepted, request)
    }
    if !difference(runner, accepted).isSame { try await checkDevices(accepted, runner) }
    return try await update(runner, accepted, request)
  }

  /// Runs other numbers of replicas than the manifest's, as a revision of its own, until the next apply.
  func scale(_ request: ScaleRequest, of name: String) async throws(ControlError) -> ApplyResult {
    let stored = try application(name).stored
    let scale = request.reset == true ? Scale() : stored.scale.merged(with: try Scale(request))
    let accepted = try ManifestIntake(tools: surroundings.tools).accept(
      stored.manifest, path: stored.path, folder: stored.folder, scale: scale)
    try begin(name)
    defer { finish(name) }
    try await checkDevices(accepted, runners[name])
    return try await carryOut(
      accepted,
      ApplyRequest(
        manifest: stored.manifest, path: stored.path, workingDirectory: stored.folder,
        clientVersion: Version.current), scale: scale)
  }

  /// What of `accepted` differs from what `runner` runs, and `accepted` as it would be carried out.
  func difference(_ runner: ApplicationRunner, _ accepted: AcceptedManifest) -> (
    accepted: AcceptedManifest, changes: [ControlAPI.FieldChange], isSame: Bool
  ) {
    var accepted = accepted
    accepted.spec = accepted.spec.following(runner.request.spec)
    let changes = Manifest.diff(runner.request.manifest, accepted.manifest).map {
      ControlAPI.FieldChange(
        path: $0.path, before: $0.old, after: $0.new, changeClass: $0.changeClass.rawValue)
    }
    return (accepted, changes, changes.isEmpty && accepted.spec == runner.request.spec)
  }

  private func create(_ accepted: AcceptedManifest, _ request: ApplyRequest) async throws(ControlError)
    -> ApplyResult
  {
    let stored = StoredApplication(
      name: accepted.manifest.name, revision: 1, manifest: request.manifest, path: request.path,
      folder: request.workingDirectory, createdAt: Timestamp.now, port: 0, isDeleting: false)
    let sockets = ListeningSockets()
    try sockets.open(accepted.spec.ingress)
    try check(accepted.spec)
    try RunDirectory(home: home, application: stored.name).create()
    Failpoint.applyAccepted.pass()
    try await write([.application(stored.bound(to: sockets.port(of: accepted.spec.ingress)))])
    Failpoint.applyRecorded.pass()
    try start(accepted, stored, epochs: [:], sockets: sockets)
    runners[stored.name]?.record(EventRecord(.info, .applied, "\(stored.name) was created, revision 1"))
    return ApplyResult(
      application: stored.name, revision: 1, outcome: .created, changes: [], warnings: accepted.warnings)
  }

  /// Carries out what was read again of an application that is there, wherever it runs.
  func carryOut(
    _ accepted: AcceptedManifest, _ request: ApplyRequest, scale: Scale
  ) async throws(ControlError) -> ApplyResult {
    if accepted.manifest.backend == .ray { return try await applyToRay(accepted, request, scale: scale) }
    guard let runner = runners[accepted.manifest.name] else { throw .noSuch(accepted.manifest.name) }
    return try await update(runner, accepted, request, scale: scale)
  }

  /// Checks that the application can be changed, and is what the client takes it for.
  func check(_ stored: StoredApplication, _ request: ApplyRequest) throws(ControlError) {
    guard !stored.isDeleting else {
      throw ControlError(
        code: "conflict", message: "\(stored.name) is being deleted; apply again when it is gone",
        exitCode: 9)
    }
    if let expected = request.expectRevision, expected != stored.revision {
      throw ControlError(
        code: "conflict",
        message: "\(stored.name) is at revision \(stored.revision), not \(expected); look again, then apply",
        exitCode: 9)
    }
  }

  func update(
    _ runner: ApplicationRunner, _ accepted: AcceptedManifest, _ request: ApplyRequest, scale: Scale = Scale()
  ) async throws(ControlError) -> ApplyResult {
    try check(runner.stored, request)
    let (accepted, changes, isSame) = difference(runner, accepted)
    var stored = runner.stored
    if !isSame {
      try check(accepted.spec, runner.boards)
      try runner.sockets.open(accepted.spec.ingress)
      stored.revision += 1
      stored.manifest = request.manifest
      stored.path = request.path
      stored.folder = request.workingDirectory
      stored.scale = scale
      Failpoint.applyAccepted.pass()
      try await write([.application(stored.bound(to: runner.sockets.port(of: accepted.spec.ingress)))])
      Failpoint.applyRecorded.pass()
    }
    do {
      try runner.apply(
        accepted, stored, rollsBack: accepted.manifest.rollout.autoRollback && request.noRollback != true)
    } catch {
      throw .doesNotFit(error)
    }
    if !isSame {
      let fields = changes.map(\.path).joined(separator: ", ")
      runner.record(
        EventRecord(
          .info, scale.isEmpty ? .applied : .scaled,
          "revision \(stored.revision) changes \(fields)\(scale.status.map { ": \($0.words) by hand" } ?? "")"
        ))
    }
    return ApplyResult(
      application: stored.name, revision: stored.revision, outcome: isSame ? .unchanged : .updated,
      changes: changes, warnings: accepted.warnings)
  }

  func check(_ spec: ApplicationSpec, _ boards: LoadBoards? = nil) throws(ControlError) {
    do { _ = try RankAssignment(groups: spec.mostGroups, engine: spec.engine, cluster: spec.cluster) } catch {
      throw .doesNotFit(error)
    }
    guard boards?.canHold(groups: spec.mostGroups + 1, size: spec.engine.size) ?? true else {
      throw ControlError(
        code: "does-not-fit",
        message: """
          the ingress replicas' load board has no room for \(spec.mostGroups * spec.engine.size) ranks; \
          delete \(spec.name) and apply it anew
          """, exitCode: 4)
    }
  }

  func start(
    _ accepted: AcceptedManifest, _ stored: StoredApplication, epochs: [Int: Int],
    sockets: ListeningSockets? = nil
  ) throws(ControlError) {
    let sockets = sockets ?? ListeningSockets()
    try sockets.open(accepted.spec.ingress, preferred: stored.port)
    try RunDirectory(home: home, application: stored.name).create()
    let runner: ApplicationRunner
    do {
      runner = try ApplicationRunner(accepted, stored, epochs: epochs, sockets: sockets, surroundings)
    } catch { throw .doesNotFit(error) }
    add(runner, stored)
  }

  func add(_ runner: ApplicationRunner, _ stored: StoredApplication) {
    runner.onRollback = { [weak self] revision in
      Loop.task { await self?.rollBack(stored.name, to: revision) }
    }
    runner.onGone = { [weak self] in
      self?.runners[stored.name] = nil
      self?.restIfIdle()
    }
    runners[stored.name] = runner
    idleTimer.cancel()
  }

  /// An application of this machine, for what a cluster does by itself.
  func localRunner(_ name: String, _ purpose: String) throws(ControlError) -> ApplicationRunner {
    if let runner = runners[name] { return runner }
    guard rayRunners[name] != nil else { throw .noSuch(name) }
    throw ControlError(
      code: "not-yet", message: "dpdeploy cannot \(purpose) on a Ray cluster; Ray does that by itself",
      exitCode: 2)
  }

  /// One apply or delete of an application at a time.
  func begin(_ name: String) throws(ControlError) {
    guard busy.insert(name).inserted else {
      throw ControlError(
        code: "conflict", message: "another apply or delete of \(name) is under way; try again", exitCode: 9)
    }
    idleTimer.cancel()
  }

  func finish(_ name: String) {
    busy.remove(name)
    restIfIdle()
  }

  func write(_ changes: [StoreChange]) async throws(ControlError) {
    do { try await surroundings.store.commit(changes) } catch {
      throw ControlError(
        code: "store-failed", message: "the change cannot be recorded, so it is not carried out: \(error)")
    }
  }
}

extension Scale {
  /// - Throws: exit code 2 for a number that nobody can run.
  fileprivate init(_ request: ScaleRequest) throws(ControlError) {
    func check(_ number: Int?, _ range: ClosedRange<Int>, _ what: String) throws(ControlError) {
      guard let number, !range.contains(number) else { return }
      throw ControlError(
        code: "bad-request",
        message: "\(number) \(what) cannot be; from \(range.lowerBound) to \(range.upperBound)", exitCode: 2)
    }
    try check(request.replicas, Self.groupRange, "groups")
    try check(request.ingressReplicas, Self.ingressRange, "ingress replicas")
    self.init(groups: request.replicas, ingressReplicas: request.ingressReplicas)
  }

  /// As the status tells it; nil where the manifest's numbers hold.
  var status: ScaleStatus? { ScaleStatus(replicas: groups, ingressReplicas: ingressReplicas) }
}

extension StoredApplication {
  fileprivate func bound(to port: Int?) -> StoredApplication {
    var copy = self
    copy.port = port ?? 0
    return copy
  }
}
