import ControlAPI

/// What a group makes of news, of time and of an operator's wishes.
extension RankGroup {
  /// Takes news of a rank of this group.
  mutating func handle(_ news: RankNews, rank: Int, epoch: Int, at now: Duration, _ effects: inout [Effect]) {
    guard ranks.indices.contains(rank), epoch == ranks[rank].epoch else { return }
    switch news {
    case .progressed(let phase, let progress): advance(rank, to: phase, progress, at: now)
    case .ready: becomeReady(rank, at: now, &effects)
    case .notStarted(let reason, let isPermanent):
      died(rank, .notStarted(reason, isPermanent: isPermanent), lastLine: nil, at: now, &effects)
    case .stoodStill(let time): broke(rank, .stoodStill(for: time), .groupStalled, at: now, &effects)
    case .silent(let time): broke(rank, .silent(for: time), .groupStalled, at: now, &effects)
    case .lost(let part): broke(rank, .lost(part: part), .rankDied, at: now, &effects)
    case .ended(let end, let lastLine): died(rank, .ended(end), lastLine: lastLine, at: now, &effects)
    }
  }

  /// Looks at the clock.
  mutating func tick(at now: Duration, _ effects: inout [Effect]) {
    guard let deadline = nextDeadline, now >= deadline else { return }
    switch phase {
    case .starting: stalled(at: now, &effects)
    case .draining(_, let next): stop(then: next, grace: Self.stopGrace, at: now, &effects)
    case .backoff: start(at: now, &effects)
    case .running: tendReplacements(at: now, &effects)
    default: break
    }
  }

  /// The last request has left.
  mutating func drained(epoch: Int, at now: Duration, _ effects: inout [Effect]) {
    guard epoch == self.epoch, case .draining(_, let next) = phase else { return }
    stop(then: next, grace: Self.stopGrace, at: now, &effects)
  }

  /// Gives the group another engine, or the same one anew, on a fresh budget.
  mutating func replace(
    engine: EngineSpec, nodes: [Int], drainTimeout: Duration, at now: Duration, _ effects: inout [Effect]
  ) {
    pending = (engine, nodes)
    budget = RestartBudget(seed: UInt64(truncatingIfNeeded: index))
    leave(then: .replacement, drainTimeout: drainTimeout, at: now, &effects)
  }

  /// Ends the group for good.
  mutating func remove(drainTimeout: Duration, at now: Duration, _ effects: inout [Effect]) {
    leave(then: .removal, drainTimeout: drainTimeout, at: now, &effects)
  }

  /// Takes another limit for starts that stand still.
  mutating func setStartTimeout(_ timeout: Duration) { startTimeout = timeout }

  private mutating func leave(
    then next: Next, drainTimeout: Duration, at now: Duration, _ effects: inout [Effect]
  ) {
    switch phase {
    case .running where drainTimeout > .zero:
      enter(.draining(until: now + drainTimeout, then: next), at: now)
      effects.append(.watchDrain(group: index, epoch: epoch))
      record(
        .info, .groupDraining, "\(name) finishes its requests, at most for \(drainTimeout.words)", &effects)
    case .running: stop(then: next, grace: Self.stopGrace, at: now, &effects)
    case .starting: stop(then: next, grace: nil, at: now, &effects)
    case .draining(let until, let before):
      enter(.draining(until: min(until, now + drainTimeout), then: before.joined(with: next)), at: since)
    case .stopping(let before): enter(.stopping(then: before.joined(with: next)), at: since)
    case .backoff, .failed: proceed(to: next, at: now, &effects)
    case .removed: break
    }
  }
}

extension RankGroup.Next {
  /// A removal stays one; otherwise the newer wish counts.
  fileprivate func joined(with newer: Self) -> Self { self == .removal ? self : newer }
}
