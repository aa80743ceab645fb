import ControlAPI

/// The number of ingress replicas follows the load.
extension Application {
  /// How many there should be after an apply, of which `present` there should be now: a range keeps them within.
  func ingressCount(_ present: Int) -> Int {
    spec.ingressScaling?.bounded(present) ?? spec.ingressReplicas
  }

  /// What the scaling concluded last; nil where the number is fixed.
  var ingressScalingStatus: ScalingStatus? { ingressScaler.map { $0.status(per: 1, Self.ingressUnit) } }

  static let ingressUnit = "replica"
}

/// The number of groups follows the load: Ray's rule counts ranks, and what it asks for is rounded up to whole groups.
extension Application {
  /// What the scaling concluded last; nil where the number is fixed.
  var groupScalingStatus: ScalingStatus? { groupScaler.map { $0.status(per: spec.engine.size, "rank") } }

  /// Follows the rule of a new spec from the `present` number on.
  mutating func followGroupScaling(from present: Int) {
    guard let rule = spec.groupScaling else {
      (groupScaler, scaledGroups) = (nil, nil)
      return
    }
    let ranks = rule.counting(ranks: spec.engine.size)
    if groupScaler == nil { groupScaler = Autoscaler(ranks) } else { groupScaler?.follow(ranks) }
    scaledGroups = rule.bounded(present)
  }

  /// Takes the requests at each rank and those that wait for one, and follows them.
  mutating func scaleGroups(
    _ loads: [ReplicaName: Double], _ waiting: Double, at now: Duration, _ effects: inout [Effect]
  ) {
    guard !isDeleting, let rule = groupScaler?.rule, let before = scaledGroups else { return }
    let size = spec.engine.size
    let running = groups.filter { $0.index < groupCount && $0.phase == .running }
    // The queue is a source like each rank, under a number that no rank has.
    var sources = [-1: waiting]
    for group in running {
      for rank in group.ranks.indices where group.ranks[rank].serves {
        let load = loads[.rank(group: group.index, rank: rank)] ?? 0
        sources[group.index * size + rank] = load
      }
    }
    let decision = groupScaler?.decide(
      sources, running: sources.count - 1, target: before * size, at: now.seconds)
    guard let decision, case let target = (decision.target + size - 1) / size, target != before else {
      return
    }
    serverCondition.begin(target > before ? .autoUpscale : .autoDownscale, at: now)
    scaledGroups = target
    effects.append(
      .record(
        EventRecord(
          .info, .autoscaled, subject: spec.serverName,
          "\(before) → \(count(target, "group")): \(decision.words(rule, "rank"))")))
  }
}

extension ScalingRule {
  /// The same bounds, counted in ranks.
  func counting(ranks size: Int) -> ScalingRule {
    var rule = self
    rule.minimum *= size
    rule.maximum *= size
    return rule
  }
}

extension Autoscaler {
  /// The rule and the last decision, in groups of `size` of the units that it counts.
  fileprivate func status(per size: Int, _ unit: String) -> ScalingStatus {
    var status = ScalingStatus(
      minReplicas: rule.minimum / size, maxReplicas: rule.maximum / size,
      targetOngoingRequests: rule.targetOngoingRequests)
    guard let last else { return status }
    status.ongoingRequests = .known(last.load)
    status.runningReplicas = .known(last.running / size)
    status.wantedReplicas = .known((last.wanted + size - 1) / size)
    status.decision = .known(last.words(rule, unit))
    return status
  }
}

extension Autoscaler.Decision {
  /// The numbers behind it, for events and the status.
  func words(_ rule: ScalingRule, _ unit: String) -> String {
    let requests = Double(Int((load * 100).rounded())) / 100
    let per =
      "\(requests) ongoing requests over \(rule.lookBackSeconds) s at \(count(running, unit)), target "
      + "\(rule.targetOngoingRequests) each, ask for \(wanted)"
    guard wanted != target else { return per }
    let delay = wanted > target ? rule.upscaleDelaySeconds : rule.downscaleDelaySeconds
    return since == nil
      ? "\(per); within the bounds it is \(target)" : "\(per); \(target) until that lasted \(delay) s"
  }
}

extension Duration {
  /// The time in seconds.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
