import ControlAPI

/// The transitions of a group: how one life ends and the next begins.
extension RankGroup {
  mutating func start(at now: Duration, _ effects: inout [Effect]) {
    if let (engine, nodes) = pending { (self.engine, self.nodes, pending) = (engine, nodes, nil) }
    epoch += 1
    life = epoch
    ranks = (0..<engine.size).map { Rank(epoch: epoch, seed: UInt64(truncatingIfNeeded: $0)) }
    enter(.starting, at: now)
    lastProgress = now
    launch(Array(ranks.indices), &effects)
    record(.info, .groupStarting, "\(name) starts \(count(engine.size, "rank")), epoch \(epoch)", &effects)
  }

  func launch(_ ranks: [Int], _ effects: inout [Effect]) {
    effects.append(
      .launchGroup(
        GroupLaunch(group: index, epoch: epoch, life: life, ranks: ranks, engine: engine, nodes: nodes)))
  }

  mutating func advance(_ rank: Int, to phase: ReplicaPhase, _ progress: Double, at now: Duration) {
    guard [.starting, .running].contains(self.phase), ranks[rank].isAlive, !ranks[rank].isReady else {
      return
    }
    let before = ranks[rank]
    guard (before.phase.order, before.progress) < (phase.order, progress) else { return }
    ranks[rank].phase = phase
    ranks[rank].progress = progress
    lastProgress = now
  }

  mutating func becomeReady(_ rank: Int, at now: Duration, _ effects: inout [Effect]) {
    guard [.starting, .running].contains(phase), ranks[rank].isAlive, !ranks[rank].isReady else { return }
    ranks[rank].isReady = true
    ranks[rank].readySince = now
    lastProgress = now
    guard phase == .starting else { return rejoined(rank, &effects) }
    guard ranks.allSatisfy(\.isReady) else { return }
    let time = (now - since).words
    startTime = now - since
    enter(.running, at: now)
    failure = nil
    record(.info, .groupRunning, "\(name) serves with \(count(ranks.count, "rank")) after \(time)", &effects)
  }

  mutating func died(
    _ rank: Int, _ cause: Failure.Cause, lastLine: String?, at now: Duration, _ effects: inout [Effect]
  ) {
    guard ranks[rank].isAlive else { return }
    let isStarting = phase == .starting || phase == .running && !ranks[rank].isReady
    let startedIn = isStarting ? ranks[rank].phase : nil
    ranks[rank].isAlive = false
    let new = Failure(
      replica: replica(rank), epoch: ranks[rank].epoch, cause: ranks[rank].verdict ?? cause,
      lastLine: lastLine,
      phase: startedIn ?? (isFailing ? failure?.phase : nil))
    if phase == .running { failedAfter = now - since }
    if phase == .running, engine.recovers, ranks.contains(where: \.serves) {
      return outlive(rank, new, at: now, &effects)
    }
    switch phase {
    case .starting, .running:
      failure = new
      reportCulprit(new, &effects)
      stopForRecovery(at: now, &effects)
    case .draining(_, let next):
      reportCulprit(new, &effects)
      enter(.stopping(then: next), at: now)
      stopLiving(grace: nil, &effects)
    case .stopping(.recovery) where new.isPermanent && failure?.isPermanent != true: failure = new
    default: break
    }
    if case .stopping(let next) = phase, !ranks.contains(where: \.isAlive) {
      proceed(to: next, at: now, &effects)
    }
  }

  private var isFailing: Bool { phase == .stopping(then: .recovery) }

  mutating func stalled(at now: Duration, _ effects: inout [Effect]) {
    let rank = blockingRank ?? 0
    let stuck = Failure(
      replica: replica(rank), epoch: epoch, cause: .stalled(ranks[rank].phase, for: now - lastProgress),
      lastLine: nil, phase: ranks[rank].phase)
    failure = stuck
    record(.warning, .groupStalled, "\(stuck); \(name) is ended", cause: stuck, &effects)
    stopForRecovery(at: now, &effects)
  }

  /// A rank that serves can do so no more, though its process lives: it must go, and all of its group unless that goes
  /// on without it.
  mutating func broke(
    _ rank: Int, _ cause: Failure.Cause, _ kind: EventRecord.Kind, at now: Duration,
    _ effects: inout [Effect]
  ) {
    guard phase == .running, ranks[rank].serves, ranks[rank].verdict == nil else { return }
    if engine.recovers, readyCount > 1 { return condemn(rank, cause, kind, &effects) }
    let new = Failure(replica: replica(rank), epoch: epoch, cause: cause, lastLine: nil, phase: nil)
    (failure, failedAfter) = (new, now - since)
    record(.error, kind, subject: new.replica, "\(new); \(name) is ended", cause: new, &effects)
    stopForRecovery(at: now, &effects)
  }

  /// The first rank that is least far in its start; nil when all are ready.
  var blockingRank: Int? {
    let waiting = ranks.indices.filter { !ranks[$0].isReady }
    return waiting.min {
      (ranks[$0].phase.order, ranks[$0].progress) < (ranks[$1].phase.order, ranks[$1].progress)
    }
  }

  private mutating func stopForRecovery(at now: Duration, _ effects: inout [Effect]) {
    uptime = phase == .running ? now - since : .zero
    enter(.stopping(then: .recovery), at: now)
    stopLiving(grace: nil, &effects)
  }

  mutating func stop(
    then next: Next, grace: Duration?, at now: Duration, _ effects: inout [Effect]
  ) {
    enter(.stopping(then: next), at: now)
    stopLiving(grace: grace, &effects)
  }

  func stopLiving(grace: Duration?, _ effects: inout [Effect]) {
    let living = Dictionary(grouping: ranks.indices.filter { ranks[$0].isAlive }) { ranks[$0].epoch }
    for (epoch, living) in living.sorted(by: { $0.key < $1.key }) {
      effects.append(.stopRanks(group: index, epoch: epoch, ranks: living, grace: grace))
    }
  }

  mutating func proceed(to next: Next, at now: Duration, _ effects: inout [Effect]) {
    switch next {
    case .recovery: recover(at: now, &effects)
    case .replacement:
      failure = nil
      start(at: now, &effects)
    case .removal:
      enter(.removed, at: now)
      record(.info, .groupStopped, "\(name) has ended", &effects)
    }
  }

  private mutating func recover(at now: Duration, _ effects: inout [Effect]) {
    let cause = failure
    if let cause, cause.isPermanent {
      enter(.failed, at: now)
      record(
        .error, .groupFailed, "\(name) is not started again, it would fail the same way: \(cause)",
        cause: cause,
        &effects)
      return
    }
    switch budget.decide(at: now, uptime: uptime) {
    case .exhausted:
      enter(.failed, at: now)
      let spent = "\(RestartBudget.limit) restarts in \(RestartBudget.window.words) are used up"
      record(
        .error, .groupFailed, "\(name) is not started again, \(spent): \(cause?.description ?? "")",
        cause: cause,
        &effects)
    case .restart(let delay):
      restarts += 1
      let used = "restart \(budget.used(at: now)) of \(RestartBudget.limit)"
      let when = delay == .zero ? "now" : "in \(delay.words)"
      record(.warning, .groupRestarting, "\(name) starts again \(when) (\(used))", cause: cause, &effects)
      if delay == .zero { start(at: now, &effects) } else { enter(.backoff(until: now + delay), at: now) }
    }
  }

  private func reportCulprit(_ failure: Failure, _ effects: inout [Effect]) {
    let others = ranks.count { $0.isAlive }
    let collateral = others == 0 ? "" : "; \(count(others, "other rank")) of \(name) end with it"
    record(
      .error, .rankDied, subject: failure.replica, "\(failure); epoch \(failure.epoch)\(collateral)",
      cause: failure,
      &effects)
  }

  mutating func enter(_ phase: Phase, at now: Duration) {
    self.phase = phase
    since = now
  }

  func record(
    _ severity: Severity, _ kind: EventRecord.Kind, subject: String? = nil, _ message: String,
    cause: Failure? = nil, _ effects: inout [Effect]
  ) {
    let epoch = epoch
    effects.append(
      .record(EventRecord(severity, kind, subject: subject ?? name, epoch: epoch, message, cause: cause)))
  }
}
