import ControlAPI

/// Why a deployment is not healthy: need, have, the first replica that blocks, since when, and what comes next.
extension Application {
  func serverMessage(at now: Duration) -> String {
    if isDeleting { return deletingMessage }
    if serverCondition.status == .healthy {
      return cordonMessage(\.isRank)
    }
    let need = groupCount * spec.engine.size
    let have = groups.filter { $0.targetEngine == spec.engine && $0.index < groupCount }.map(\.readyCount)
      .reduce(0, +)
    let blocking = groups.first { $0.phase != .running || !$0.isWhole || $0.targetEngine != spec.engine }
    if rollout.isPaused, let blocking, blocking.targetEngine != spec.engine {
      return
        "needs \(count(need, "rank")), has \(have); the rollout is paused; next: `dpdeploy rollout resume`"
    }
    guard let blocking else {
      if let message = silenceMessage(at: now, \.isRank) ?? gateMessage(at: now) { return message }
      return laggingMessage(at: now)
    }
    return "needs \(count(need, "rank")), has \(have); \(blocking.explanation(at: now))"
  }

  func ingressMessage(at now: Duration) -> String {
    if isDeleting { return deletingMessage }
    if ingressCondition.status == .healthy {
      return cordonMessage(\.isIngress)
    }
    let have = ingress.readyCount(version: 0)
    let text = "needs \(count(ingress.target, "ingress replica")), has \(have)"
    let blocking = ingress.replicas.first { $0.phase != .running || $0.spec != ingress.spec }
    return blocking.map { "\(text); \($0.explanation(at: now))" } ?? silenceMessage(at: now, \.isIngress)
      ?? text
  }

  private func laggingMessage(at now: Duration) -> String {
    let lagging = ingress.replicas.filter { $0.phase == .running && $0.tableVersion < table.version }
    let text =
      "\(count(lagging.count, "ingress replica")) of \(ingress.target) must still take rank table \(table.version)"
    guard let first = lagging.min(by: { $0.awaited?.since ?? now < $1.awaited?.since ?? now }),
      let awaited = first.awaited, let deadline = first.tableDeadline
    else { return text }
    return
      "\(text); \(first.id) since \((now - awaited.since).words), deadline in \((deadline - now).words); next: one that does not take it is started again"
  }

  private var deletingMessage: String {
    let processes = ingress.replicas.count + groups.map { $0.ranks.count(where: \.isAlive) }.reduce(0, +)
    return "being deleted; \(count(processes, "process")) left"
  }
}

extension RankGroup {
  /// What the group waits for, for how long, until when, and what happens then.
  func explanation(at now: Duration) -> String {
    let time = (now - since).words
    switch phase {
    case .starting: return startExplanation(at: now) + lastFailureNote
    case .running where !isWhole: return replacementExplanation(at: now) + lastFailureNote
    case .running: return "\(name) still runs the former revision; next: it drains when the others serve"
    case .draining(let until, let next):
      return
        "\(name) finishes its requests since \(time), at most \((until - now).words) more; next: \(next.words)"
    case .stopping(let next):
      let left = ranks.count(where: \.isAlive)
      return "\(name): \(count(left, "rank")) still to end since \(time); next: \(next.words)"
        + lastFailureNote
    case .backoff(let until):
      let used = "restart \(budget.used(at: now)) of \(RestartBudget.limit)"
      return "\(name) waits since \(time); next: \(used) in \((until - now).words)" + lastFailureNote
    case .failed:
      return
        "\(name) is not started again; next: mend the cause, then apply again or restart it" + lastFailureNote
    case .removed: return "\(name) is gone"
    }
  }

  private func replacementExplanation(at now: Duration) -> String {
    guard let rank = ranks.indices.first(where: { !ranks[$0].serves }) else { return "\(name) serves" }
    let others = "the other ranks of \(name) serve"
    if let due = ranks[rank].restart {
      return "\(replica(rank)) starts again in \((due - now).words); \(others)"
    }
    guard ranks[rank].isAlive else {
      return "\(replica(rank)) is not started again; \(others); next: mend the cause, then restart it"
    }
    return "\(replica(rank)) is in \(ranks[rank].phase.rawValue); \(others); next: it joins them"
  }

  private func startExplanation(at now: Duration) -> String {
    guard let rank = blockingRank else { return "\(name) starts" }
    let state = ranks[rank]
    let phase =
      state.phase == .ready
      ? "answers a first completion" : "is in \(state.phase.rawValue) (\(Int(state.progress * 100)) %)"
    return """
      \(replica(rank)) on \(nodeName(nodes[rank])) \(phase), epoch \(epoch) since \((now - since).words), \
      deadline in \((startDeadline - now).words); next: \(name) serves when all its ranks answer
      """
  }

  private var lastFailureNote: String { failure.map { "; last failure: \($0)" } ?? "" }
}

extension RankGroup.Next {
  var words: String {
    switch self {
    case .recovery: "a new epoch, if the restart budget allows"
    case .replacement: "a new epoch"
    case .removal: "nothing, it is going away"
    }
  }
}

extension IngressReplica {
  /// What the replica waits for, for how long, until when, and what happens then.
  func explanation(at now: Duration) -> String {
    let time = (now - since).words
    let note = failure.map { "; last failure: \($0)" } ?? ""
    switch phase {
    case .starting:
      let left = (since + Self.startTimeout - now).words
      return
        "\(id) starts since \(time), deadline in \(left); next: it \(spec.isFront ? "answers on its runtime socket" : "takes the rank table")\(note)"
    case .running: return "\(id) still runs with former settings; next: it stops when enough others run"
    case .ending: return "\(id) is being ended since \(time), its start stood still; next: it starts again"
    case .stopping: return "\(id) finishes its requests since \(time); next: it ends"
    case .backoff(let until):
      let used = "restart \(budget.used(at: now)) of \(RestartBudget.limit)"
      return "\(id) waits since \(time); next: \(used) in \((until - now).words)\(note)"
    case .failed: return "\(id) is not started again; next: mend the cause, then apply again\(note)"
    case .removed: return "\(id) is gone"
    }
  }
}
