import ControlAPI

/// The gate of a revision: its groups must have served for a while before it counts as HEALTHY, and before the next group
/// gives up its former engine.
extension Application {
  /// The time that is asked for, while a revision is on its way; nil where none is.
  private var probation: Duration? {
    guard serverCondition.status == .updating, let time = spec.minReady, time > .zero else { return nil }
    return time
  }

  /// When the last rank of the revision will have served for long enough; nil where nothing is waited for.
  var gateDeadline: Duration? {
    guard let probation, isServerWhole, ingress.hasTaken(version: table.version),
      !silent.keys.contains(where: \.isRank)
    else { return nil }
    return groups.compactMap(\.servesSince).max().map { $0 + probation }
  }

  /// Whether all groups are as asked for and serve, whatever the gate says.
  var isServerWhole: Bool {
    groups.count == groupCount
      && groups.allSatisfy { $0.targetEngine == spec.engine && $0.phase == .running && $0.isWhole }
  }

  /// Whether a group has served for as long as the gate asks.
  func isPastGate(_ group: RankGroup, at now: Duration) -> Bool {
    guard let probation, group.engine == spec.engine else { return group.phase == .running }
    return group.phase == .running && group.servesSince.map { now - $0 >= probation } == true
  }

  /// When groups will have served for as long as the gate asks.
  var gateDeadlines: [Duration] {
    guard let probation else { return [] }
    return groups.filter { $0.engine == spec.engine }.compactMap(\.servesSince).map { $0 + probation }
  }

  /// Whether the revision served and broke before the gate, where there is an earlier one to fall back to.
  var brokeAtGate: Bool {
    guard let probation, rollout.rollsBack, let healthy = rollout.lastHealthy, healthy != revision else {
      return false
    }
    return groups.contains { $0.engine == spec.engine && $0.served(lessThan: probation) }
  }

  /// What the gate waits for.
  func gateMessage(at now: Duration) -> String? {
    guard let deadline = gateDeadline, let probation else { return nil }
    return
      "all ranks serve since \((now + probation - deadline).words); next: HEALTHY in \((deadline - now).words) if they go on"
  }
}

extension RankGroup {
  /// Since when all of its ranks answer; nil where one does not.
  var servesSince: Duration? {
    guard phase == .running, isWhole else { return nil }
    return ranks.compactMap(\.readySince).max()
  }

  /// Whether a rank of it failed that had answered for less than `time`.
  func served(lessThan time: Duration) -> Bool {
    guard let failure, failure.phase == nil, let uptime = failedAfter else { return false }
    return uptime < time
  }
}
