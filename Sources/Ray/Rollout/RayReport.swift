public import ControlAPI

/// An application on a cluster in the status's words: Ray's own, but that nothing is HEALTHY against the manifest.
public struct RayReport: Sendable {
  /// What was last seen; nil before the first look.
  public let sighting: RaySighting?
  /// How far the revision has come.
  public let rollout: RayRollout
  /// Why the cluster could not be asked; nil when it could.
  public let problem: String?
  /// Seconds since it was seen.
  public let age: Double?
  /// The ranks' deployment.
  public let serverName: String
  /// How ranks are to stand.
  public let placement: Placement

  /// Collects what is known.
  public init(
    sighting: RaySighting?, rollout: RayRollout, problem: String?, age: Double?, serverName: String,
    placement: Placement
  ) {
    self.sighting = sighting
    self.rollout = rollout
    self.problem = problem
    self.age = age
    self.serverName = serverName
    self.placement = placement
  }

  /// The application's state.
  public var state: ApplicationState {
    if rollout.comingBack != nil { return .deploying }
    if rollout.phase == .failed { return .deployFailed }
    if rollout.phase == .updating { return .deploying }
    guard problem == nil, let application = sighting?.application, sighting?.violation == nil else {
      return .unhealthy
    }
    return application.status
  }

  /// Why; empty when all is well.
  public var message: String {
    if let problem {
      return age.map { "\(problem); what is shown is \(Int($0)) s old" } ?? problem
    }
    if let back = rollout.comingBack { return "revision \(back.from) failed: \(back.reason)" }
    if rollout.phase == .failed { return rollout.reason }
    guard let sighting else { return "the cluster is being asked" }
    guard let application = sighting.application else {
      return rollout.phase == .updating
        ? "the cluster has not taken it up yet"
        : "it is gone from the cluster: somebody deleted it there; apply it again"
    }
    if let reason = sighting.reason { return reason }
    if !sighting.drift.isEmpty {
      return
        "somebody changed it on the cluster (\(sighting.drift.joined(separator: ", "))); `dpdeploy apply --overwrite` brings back what was applied"
    }
    if rollout.phase == .updating, application.status == .running {
      guard sighting.isPlaced else { return "Ray does not tell yet where all ranks stand" }
      return "no completion was answered through Serve's port yet"
    }
    return ""
  }

  /// The deployments.
  ///
  /// - Parameter describe: adds what else is known of the Serve replica of an id, or of a rank that it runs.
  public func deployments(
    _ describe: (inout ReplicaStatus, _ serveReplica: String) -> Void = { _, _ in }
  ) -> [DeploymentStatus] {
    (sighting?.application?.deployments ?? []).map { deployment in
      let isServer = deployment.name == serverName
      var status = DeploymentStatus(
        name: deployment.name, status: deployment.status, statusTrigger: deployment.trigger,
        message: deployment.status == .healthy ? "" : MessageDigest.line(of: deployment.message),
        targetReplicas: deployment.targetReplicas * (isServer ? placement.ranksPerReplica : 1),
        replicas: isServer ? ranks(deployment, describe) : ingress(deployment, describe))
      if isServer { qualify(&status) }
      return status
    }
  }

  /// What Ray calls HEALTHY is so here only when it serves as the manifest has it.
  private func qualify(_ status: inout DeploymentStatus) {
    if let waiting = sighting?.waiting { status.message = waiting }
    if let violation = sighting?.violation {
      status.message = violation
      status.status = rollout.phase == .failed ? .deployFailed : .unhealthy
    }
    guard status.status == .healthy else { return }
    switch state {
    case .running: return
    case .deployFailed: status.status = .deployFailed
    case .unhealthy: status.status = .unhealthy
    default: status.status = .updating
    }
    status.message = message
  }

  private func ranks(
    _ deployment: ServeDeployment, _ describe: (inout ReplicaStatus, String) -> Void
  ) -> [ReplicaStatus] {
    let several = deployment.targetReplicas * placement.ranksPerReplica > placement.ranksPerGroup
    let groups = sighting?.groups.numbers ?? [:]
    let members = members(groups)
    return deployment.replicas.flatMap { replica in
      (0..<placement.ranksPerReplica).map { number in
        let place =
          placement.isBlockwise ? groups[replica.id].map { (group: $0, rank: number) } : members[replica.id]
        var status = rank(replica, place, isNumbered: several)
        describe(&status, replica.id)
        return status
      }
    }.sorted { ($0.group ?? .max, $0.rank ?? .max, $0.id) < ($1.group ?? .max, $1.rank ?? .max, $1.id) }
  }

  private func rank(_ replica: ServeReplica, _ place: (group: Int, rank: Int)?, isNumbered: Bool)
    -> ReplicaStatus
  {
    let id = place.map { isNumbered ? "g\($0.group)-dp\($0.rank)" : "dp\($0.rank)" } ?? replica.id
    var status = status(replica, id: id, role: .rank)
    status.group = place?.group
    status.rank = place?.rank
    status.restarts = place.flatMap { sighting?.groups.restarts[$0.group] } ?? 0
    status.node = replica.nodeAddress
    // A block's process is its agent's, and none of its ranks'.
    if placement.ranksPerReplica == 1 { status.pid = Known(replica.pid) }
    return status
  }

  private func ingress(
    _ deployment: ServeDeployment, _ describe: (inout ReplicaStatus, String) -> Void
  ) -> [ReplicaStatus] {
    deployment.replicas.sorted { ($0.startedAt ?? .infinity, $0.id) < ($1.startedAt ?? .infinity, $1.id) }
      .enumerated().map { index, replica in
        var status = status(replica, id: "ingress-\(index)", role: .ingress)
        status.pid = Known(replica.pid)
        describe(&status, replica.id)
        return status
      }
  }

  private func status(_ replica: ServeReplica, id: String, role: ReplicaRole) -> ReplicaStatus {
    var status = ReplicaStatus(
      id: id, role: role, state: replica.state,
      phase: replica.state == .running ? .known(.ready) : .unknown)
    status.stale = problem != nil
    status.observedAgeSeconds = Known(age)
    return status
  }

  /// The group and rank of each gang member.
  private func members(_ groups: [String: Int]) -> [String: (group: Int, rank: Int)] {
    var members: [String: (group: Int, rank: Int)] = [:]
    for gang in sighting?.gangs ?? [] {
      guard let group = groups[gang.id] else { continue }
      for (replica, bundle) in gang.replicas {
        members[replica] = placement.rank(of: bundle, in: gang).map { (group, $0) }
      }
    }
    return members
  }
}
