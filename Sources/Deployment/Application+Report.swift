public import ControlAPI

/// The application as its status tells it, but for what only the controller's instruments know.
extension Application {
  /// The ranks, their assigner and the ingress.
  public func deployments(at now: Duration) -> [DeploymentStatus] {
    [serverStatus(at: now), assignerStatus, ingressStatus(at: now)]
      + [frontStatus(at: now)].compactMap(\.self)
  }

  private func serverStatus(at now: Duration) -> DeploymentStatus {
    var status = DeploymentStatus(
      name: spec.serverName, status: serverCondition.status, statusTrigger: serverCondition.trigger,
      message: serverMessage(at: now), targetReplicas: isDeleting ? 0 : groupCount * spec.engine.size,
      replicas: groups.flatMap { $0.replicaStatuses(cordons) })
    status.autoscaling = isDeleting ? nil : groupScalingStatus
    return status
  }

  private var assignerStatus: DeploymentStatus {
    DeploymentStatus(
      name: Self.assignerName, status: isDeleting ? .updating : .healthy,
      statusTrigger: isDeleting ? .deleting : .configUpdateCompleted, message: "", targetReplicas: 1,
      replicas: [], ranks: placements)
  }

  /// Devices count up on each node, in the order of groups and ranks.
  private var placements: [RankPlacement] {
    var used: [Int: Int] = [:]
    return assignment.nodes.prefix(groupCount).enumerated().flatMap { group, nodes in
      nodes.enumerated().map { rank, node in
        defer { used[node, default: 0] += 1 }
        return RankPlacement(group: group, rank: rank, node: nodeName(node), device: used[node, default: 0])
      }
    }
  }

  private func ingressStatus(at now: Duration) -> DeploymentStatus {
    var status = DeploymentStatus(
      name: Self.ingressName, status: ingressCondition.status, statusTrigger: ingressCondition.trigger,
      message: ingressMessage(at: now), targetReplicas: isDeleting ? 0 : ingress.target,
      replicas: ingress.replicas.map { $0.status(isCordoned: cordons.contains(.ingress($0.index))) })
    status.autoscaling = isDeleting ? nil : ingressScalingStatus
    return status
  }
}

/// The name of a virtual node.
func nodeName(_ node: Int) -> String { "node-\(node)" }

extension RankGroup {
  func replicaStatuses(_ cordons: Set<ReplicaName>) -> [ReplicaStatus] {
    ranks.indices.map { rank in
      let isCordoned = cordons.contains(.rank(group: index, rank: rank))
      let state = state(of: ranks[rank], isCordoned: isCordoned)
      let isUnderWay = state == .starting
      var status = ReplicaStatus(
        id: replica(rank), role: .rank, state: state,
        phase: [.running, .cordoned].contains(state)
          ? .known(.ready) : Known(isUnderWay ? ranks[rank].phase : nil),
        restarts: restarts + ranks[rank].restarts)
      status.group = index
      status.rank = rank
      status.epoch = ranks[rank].epoch
      status.node = nodeName(nodes[rank])
      status.phaseProgress = isUnderWay ? ranks[rank].progress : nil
      return status
    }
  }

  private func state(of rank: Rank, isCordoned: Bool) -> ReplicaState {
    switch phase {
    case .starting: .starting
    case .running: rank.serves ? (isCordoned ? .cordoned : .running) : rank.isAlive ? .starting : .stopped
    case .draining: .stopping
    case .stopping: rank.isAlive ? .stopping : .stopped
    case .backoff, .failed, .removed: .stopped
    }
  }
}

extension IngressReplica {
  func status(isCordoned: Bool) -> ReplicaStatus {
    ReplicaStatus(
      id: id, role: spec.isFront ? .front : .ingress,
      state: isCordoned && phase == .running ? .cordoned : state,
      phase: Known(phase == .running ? .ready : nil), restarts: restarts)
  }

  private var state: ReplicaState {
    switch phase {
    case .starting: .starting
    case .running: .running
    case .ending, .stopping: .stopping
    case .backoff, .failed, .removed: .stopped
    }
  }
}
