import ControlAPI
import Deployment
import Diagnosis
import JSON
import Manifest
import Platform
import Ray
import RayClient
import Telemetry

/// Follows one application on a Ray cluster: Ray runs it, and this looks, tells, and brings a healthy revision back.
@Loop
final class RayRunner: RunningApplication {
  private(set) var stored: StoredApplication
  /// What was asked for last.
  private(set) var request: AcceptedManifest
  private(set) var application: RayServeApplication
  private(set) var cluster: RayCluster
  private(set) var isClosing = false
  /// Called when an earlier revision is to be declared again.
  var onRollback: (@Loop (Int) -> Void)?
  /// Called when nothing is left of the application.
  var onGone: (@Loop () -> Void)?

  let surroundings: ApplicationRunner.Surroundings
  private(set) var rollout: RayRollout
  private(set) var sighting: RaySighting?
  private(set) var seenAt: Instant?
  private(set) var problem: RayError?
  /// The base URL that clients use; nil while Serve listens nowhere.
  private(set) var base: String?
  private var isAnswered = false
  var lastWords = ""

  var meter = RayMeter()
  /// Why some page of metrics cannot be read; nil when all can.
  var blindness: String?
  /// The points of the last hour, each with its place in the controller's record.
  var past = Ring<(sequence: Int, point: HistoryPoint)>(capacity: 3600)
  var recorder = HistoryRecorder()
  var diagnosis = Diagnosis()
  var hints: [Hint] = []

  private static let busyInterval = Duration.milliseconds(500)
  private static let calmInterval = Duration.seconds(1)

  /// Follows what was declared, or what a former controller declared.
  init(
    _ request: AcceptedManifest, _ stored: StoredApplication, _ rollout: RayRollout,
    _ surroundings: ApplicationRunner.Surroundings
  ) {
    self.request = request
    self.stored = stored
    self.rollout = rollout
    self.surroundings = surroundings
    application = request.rayApplication(owner: surroundings.homeHash)
    cluster = request.rayCluster
    keep()
    Loop.task { await self.follow() }
    Loop.task { await self.followMetrics() }
  }

  /// Another revision was declared.
  func began(
    _ request: AcceptedManifest, _ stored: StoredApplication, rollsBack: Bool, deployedBefore: Double?
  ) {
    self.request = request
    self.stored = stored
    application = request.rayApplication(owner: surroundings.homeHash)
    cluster = request.rayCluster
    isAnswered = false
    rollout.begin(
      revision: stored.revision, at: WallClock.secondsSinceEpoch, allowing: request.healthyDeadline,
      rollsBack: rollsBack, deployedBefore: deployedBefore)
    keep()
  }

  /// Whether the cluster runs what was applied last.
  var isInStep: Bool { sighting?.drift.isEmpty == true && sighting?.application != nil }

  /// What somebody changed of the configuration that was applied last, by `details`.
  func drift(in details: ServeDetails) -> [String] {
    guard let present = details[stored.name], rollout.isAbout(present) else { return [] }
    return Declaration.drift(of: present.config, from: application.config)
  }

  var lastHealthy: Int? { rollout.lastHealthy }

  func giveUpRollback() {
    rollout.giveUp()
    keep()
  }

  func record(_ record: EventRecord) { surroundings.events.append(record, application: stored.name) }

  func delete() {
    stored.isDeleting = true
    record(EventRecord(.info, .deleting, "\(stored.name) is being deleted from \(cluster.address)"))
  }

  func leave() {
    keep()
    if let minute = recorder.take() { surroundings.store.add(minute, of: stored.name) }
    isClosing = true
  }

  private func keep() { surroundings.store.add([.rollout(application: stored.name, rollout)]) }

  private func follow() async {
    while !isClosing {
      do {
        if stored.isDeleting { try await remove() } else { try await look() }
        if problem != nil { record(EventRecord(.info, .statusChanged, "the cluster answers again")) }
        problem = nil
      } catch { note(error) }
      guard !isClosing else { return }
      await Loop.sleep(
        for: rollout.phase == .healthy && !stored.isDeleting ? Self.calmInterval : Self.busyInterval)
    }
  }

  private func note(_ error: RayError) {
    if problem == nil { record(EventRecord(.warning, .statusChanged, error.description)) }
    problem = error
  }

  /// Declares everything but this application, until the cluster has it no more.
  private func remove() async throws(RayError) {
    let details = try await cluster.details()
    guard
      let rest = try Declaration.remove(stored.name, owner: surroundings.homeHash, from: details)
    else { return await end() }
    if details[stored.name]?.status != .deleting { try await cluster.declare(rest) }
    sighting = RaySighting(application: details[stored.name])
    seenAt = .now
  }

  private func end() async {
    isClosing = true
    record(EventRecord(.info, .deleted, "\(stored.name) is gone from \(cluster.address)"))
    _ = try? await surroundings.store.commit([.forget(application: stored.name)])
    onGone?()
  }

  private func look() async throws(RayError) {
    let revision = rollout.revision
    let details = try await cluster.details()
    var seen = RaySighting(application: details[stored.name])
    if let present = seen.application, rollout.isAbout(present) {
      seen.drift = drift(in: details)
      try await locate(&seen, present)
      if rollout.phase != .healthy, present.status == .running, seen.violation == nil, !isAnswered,
        let endpoint = Self.endpoint(details, application)
      {
        isAnswered = await cluster.completionProblem(at: endpoint, model: request.manifest.model.id) == nil
      }
    }
    // An apply may have come while the cluster was asked.
    guard revision == rollout.revision, !stored.isDeleting, !isClosing else { return }
    seen.isAnswered = isAnswered
    count(&seen)
    sighting = seen
    seenAt = .now
    base = Self.endpoint(details, application)
    conclude(seen)
  }

  /// Where its replicas stand, or why they stand nowhere.
  private func locate(_ seen: inout RaySighting, _ present: ServeApplication) async throws(RayError) {
    let name = application.serverName
    let actors = try await cluster.actors()
    let groups = try await cluster.placementGroups().filter { $0.belongs(to: stored.name, name) }
    let nodes = try await cluster.nodes()
    seen.waiting = Placement.waiting(groups, on: nodes)
    seen.gangs = Gang.list(actors, in: groups, of: stored.name, name)
    let addresses = Dictionary(nodes.map { ($0.id, $0.address) }, uniquingKeysWith: { $1 })
    let server = present.deployments.first { $0.name == name }
    // A gang that is only half there stands nowhere yet.
    guard server?.replicas.allSatisfy({ $0.state == .running }) == true else { return }
    seen.violation = application.placement.violation(seen.gangs, names: addresses)
    seen.isPlaced = application.placement.isComplete(seen.gangs, replicas: server?.replicas.count ?? 0)
  }

  /// Numbers the groups, and tells which of them died.
  private func count(_ seen: inout RaySighting) {
    func server(_ sighting: RaySighting?) -> ServeDeployment? {
      sighting?.application?.deployments.first { $0.name == application.serverName }
    }
    let (before, now) = (server(sighting), server(seen))
    let isCalm =
      rollout.phase == .healthy && before?.targetReplicas == now?.targetReplicas
      && [.healthy, .unhealthy].contains(now?.status)
    seen.groups = sighting?.groups ?? GroupNumbers()
    for group in seen.groups.note(
      seen.groupIDs(application.serverName, application.placement), isCalm: isCalm)
    {
      record(
        EventRecord(
          .error, .groupRestarting,
          "ranks of group \(group) died on the cluster; Ray starts all of them again"))
    }
  }

  private func conclude(_ seen: RaySighting) {
    let outcome = rollout.judge(seen, at: WallClock.secondsSinceEpoch)
    tell()
    switch outcome {
    case nil: return
    case .becameHealthy: keep()
    case .failed(let reason, let former):
      keep()
      guard let former else { return }
      record(
        EventRecord(
          .warning, .rolledBack,
          "revision \(rollout.revision) failed, revision \(former) comes back: \(reason)"))
      onRollback?(former)
    }
  }

  /// The base URL that clients use; nil while Serve listens nowhere.
  private static func endpoint(_ details: ServeDetails, _ application: RayServeApplication) -> String? {
    guard let (host, port) = details.listener else { return nil }
    let reached = ["0.0.0.0", "::", ""].contains(host) ? details.proxyAddress ?? host : host
    let prefix = application.config["route_prefix"]?.string ?? "/"
    let name = reached.contains(":") ? "[\(reached)]" : reached
    return "http://\(name):\(port)" + (prefix == "/" ? "" : prefix)
  }
}

extension AcceptedManifest {
  /// The cluster that the manifest names.
  var rayCluster: RayCluster {
    RayCluster(address: manifest.cluster.address ?? "", token: ClusterToken(file: tokenFile))
  }

  /// The manifest as Ray takes it.
  func rayApplication(owner: String?) -> RayServeApplication {
    RayServeApplication(manifest, model: modelFolder, owner: owner)
  }

  /// How long it may take to become healthy, in seconds.
  var healthyDeadline: Double { manifest.rollout.healthyDeadlineSeconds }
}
