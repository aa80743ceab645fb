import ControlAPI

/// How the groups come to be what is asked for: so many, of one kind, and as many as possible serving all the while.
extension Application {
  /// Groups that there should be, a stand-in not counted.
  public var groupCount: Int { scaledGroups ?? spec.groups }

  /// The nodes of a group beyond those that are asked for, where there is room; nil where there is none.
  private var standInNodes: [Int]? {
    if groupCount < assignment.nodes.count { return assignment.nodes[groupCount] }
    let wider = try? RankAssignment(groups: groupCount + 1, engine: spec.engine, cluster: spec.cluster)
    return wider?.nodes.last
  }

  /// Whether a further group serves while others are replaced: it starts before the first gives up its engine, and ends
  /// when the last is through.
  private func needsStandIn(at now: Duration) -> Bool {
    guard spec.replacement.surges, standInNodes != nil else { return false }
    let isThere = groups.contains { $0.index == groupCount && !$0.isLeaving }
    let wanted = groups.filter { $0.index < groupCount }
    return isThere
      ? !wanted.allSatisfy { $0.targetEngine == spec.engine && isPastGate($0, at: now) }
      : !rollout.isPaused && wanted.contains { $0.targetEngine != spec.engine && $0.phase == .running }
  }

  mutating func reconcile(at now: Duration, _ effects: inout [Effect]) {
    if isDeleting {
      guard ingress.replicas.isEmpty else { return }
      for place in groups.indices { groups[place].remove(drainTimeout: .zero, at: now, &effects) }
    } else {
      let limit = groupCount + (needsStandIn(at: now) ? 1 : 0)
      removeSurplus(beyond: limit, at: now, &effects)
      addMissing(below: limit, at: now, &effects)
      replaceOutdated(at: now, &effects)
    }
    for group in groups where group.phase == .removed { lastEpochs[group.index] = group.epoch }
    groups.removeAll { $0.phase == .removed }
  }

  private mutating func removeSurplus(beyond limit: Int, at now: Duration, _ effects: inout [Effect]) {
    for place in groups.indices where groups[place].index >= limit {
      guard !groups[place].isLeaving else { continue }
      groups[place].remove(drainTimeout: spec.drainTimeout, at: now, &effects)
    }
  }

  /// As many serving groups as may be down give up their old engine; what does not serve anyway is replaced at once.
  ///
  /// But a group that served until it died while another one was on its way comes back as it was, and waits for its turn:
  /// two groups on a revision that nobody has seen serve could both be down with it.
  private mutating func replaceOutdated(at now: Duration, _ effects: inout [Effect]) {
    guard !rollout.isPaused else { return }
    for place in groups.indices where groups[place].index <= groupCount {
      let group = groups[place]
      guard group.targetEngine != spec.engine, !group.isLeaving else { continue }
      let mayStop = isOneMoreAllowed(but: group.index, at: now)
      guard
        group.phase == .running ? mayStop : mayStop || !(group.isComingBack && isOnTheWay(but: group.index)),
        let nodes = nodes(of: group.index)
      else { continue }
      groups[place].replace(
        engine: spec.engine, nodes: nodes, drainTimeout: spec.drainTimeout, at: now, &effects)
    }
  }

  /// Whether one more group may be down, besides the others that are.
  private func isOneMoreAllowed(but index: Int, at now: Duration) -> Bool {
    guard let most = spec.replacement.most else { return true }
    return groups.count { $0.index != index && !isPastGate($0, at: now) } < most
  }

  /// Whether some other group has the new engine and does not serve with it yet.
  private func isOnTheWay(but index: Int) -> Bool {
    groups.contains {
      $0.index != index && !$0.isLeaving && $0.targetEngine == spec.engine && $0.phase != .running
    }
  }

  private mutating func addMissing(below limit: Int, at now: Duration, _ effects: inout [Effect]) {
    for index in 0..<limit where !groups.contains(where: { $0.index == index }) {
      guard let nodes = nodes(of: index) else { continue }
      if index == groupCount {
        effects.append(
          .record(
            EventRecord(
              .info, .standIn, subject: "group \(index)",
              "there is room for a further group: it serves while the others are replaced")))
      }
      let group = RankGroup(
        index: index, engine: spec.engine, nodes: nodes, startTimeout: spec.startTimeout,
        lastEpoch: lastEpochs[index] ?? 0, at: now, effects: &effects)
      groups.insert(group, at: groups.firstIndex { $0.index > index } ?? groups.endIndex)
    }
  }

  mutating func retryFailed(at now: Duration, _ effects: inout [Effect]) {
    for place in groups.indices where groups[place].phase == .failed {
      guard let nodes = nodes(of: groups[place].index) else { continue }
      groups[place].replace(engine: spec.engine, nodes: nodes, drainTimeout: .zero, at: now, &effects)
    }
  }

  /// Where a group stands; nil where there is no room for it.
  private func nodes(of group: Int) -> [Int]? {
    group < groupCount ? assignment.nodes[group] : group == groupCount ? standInNodes : nil
  }
}
