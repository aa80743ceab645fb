public import ControlAPI

/// What the replicas look like, seen from the goal.
extension Application {
  /// The ingress deployment's name, Ray Serve LLM's.
  public static let ingressName = "OpenAiIngress"
  /// The rank assigner's name, of Ray Serve LLM's first data-parallel design.
  public static let assignerName = "DPRankAssigner"

  func serverObservation(at now: Duration) -> DeploymentCondition.Observation {
    if brokeAtGate { return .failed(.healthCheckFailed) }
    if isServerWhole {
      if silent.keys.contains(where: \.isRank) { return .degraded }
      let isPast = gateDeadline.map { now >= $0 } ?? true
      return isPast && ingress.hasTaken(version: table.version) ? .complete : .progressing
    }
    if let failed = groups.first(where: { $0.phase == .failed }) {
      return .failed(failed.failure?.trigger ?? .replicaStartupFailed)
    }
    return groups.contains { $0.failure != nil } ? .degraded : .progressing
  }

  var ingressObservation: DeploymentCondition.Observation {
    let observation = ingress.observation(version: table.version)
    return observation == .complete && silent.keys.contains(where: \.isIngress) ? .degraded : observation
  }

  /// The application's status.
  public var status: ApplicationState {
    if isDeleting { return .deleting }
    let deployments =
      [serverCondition.status, ingressCondition.status] + [frontCondition?.status].compactMap(\.self)
    // The worst deployment decides, as in Ray Serve.
    if deployments.contains(.deployFailed) { return .deployFailed }
    if deployments.contains(.unhealthy) { return .unhealthy }
    return deployments.allSatisfy { $0 == .healthy } ? .running : .deploying
  }
}

extension IngressSet {
  /// What the replicas look like to whoever wants them to have taken `version`.
  func observation(version: Int) -> DeploymentCondition.Observation {
    if isComplete(version: version) { return .complete }
    if let failed = replicas.first(where: { $0.phase == .failed }) {
      return .failed(failed.failure?.trigger ?? .replicaStartupFailed)
    }
    return replicas.contains { $0.failure != nil } ? .degraded : .progressing
  }
}

extension RankGroup {
  /// The group's part of the rank table.
  func tableEntries(_ cordons: Set<ReplicaName>) -> [RankTable.Entry] {
    ranks.indices.filter { ranks[$0].serves }.map {
      RankTable.Entry(
        group: index, rank: $0, epoch: ranks[$0].epoch, capacity: engine.capacity,
        isDraining: phase != .running || cordons.contains(.rank(group: index, rank: $0)))
    }
  }

  /// Whether it is on its way out for good.
  var isLeaving: Bool {
    switch phase {
    case .draining(_, .removal), .stopping(.removal), .removed: true
    default: false
    }
  }
}
