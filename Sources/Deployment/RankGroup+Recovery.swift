import ControlAPI

/// A group that outlives its ranks: those that die are replaced one by one, within a budget of their own.
extension RankGroup {
  /// Goes on without a rank that died, and has it replaced.
  mutating func outlive(_ rank: Int, _ failure: Failure, at now: Duration, _ effects: inout [Effect]) {
    self.failure = failure
    let uptime = ranks[rank].readySince.map { now - $0 } ?? .zero
    ranks[rank].isReady = false
    let others = count(readyCount, "other rank")
    record(
      .error, .rankDied, subject: failure.replica,
      "\(failure); epoch \(failure.epoch); \(others) of \(name) go on", cause: failure,
      &effects)
    guard !failure.isPermanent else {
      return giveUp(rank, "it would fail the same way", failure, &effects)
    }
    switch ranks[rank].budget.decide(at: now, uptime: uptime) {
    case .exhausted:
      giveUp(
        rank, "\(RestartBudget.limit) restarts in \(RestartBudget.window.words) are used up", failure,
        &effects)
    case .restart(let delay):
      ranks[rank].restart = now + delay
      let when = delay == .zero ? "now" : "in \(delay.words)"
      record(
        .warning, .rankRestarting, subject: failure.replica, "\(failure.replica) starts again \(when)",
        cause: failure, &effects)
      tendReplacements(at: now, &effects)
    }
  }

  /// Has a rank ended that holds the others up; what follows is what follows any death.
  mutating func condemn(
    _ rank: Int, _ cause: Failure.Cause, _ kind: EventRecord.Kind, _ effects: inout [Effect]
  ) {
    ranks[rank].verdict = cause
    let found = Failure(
      replica: replica(rank), epoch: ranks[rank].epoch, cause: cause, lastLine: nil, phase: nil)
    record(.error, kind, subject: found.replica, "\(found); it is ended", cause: found, &effects)
    stopCondemned(&effects)
  }

  /// Ends the ranks that were found to hold the others up.
  func stopCondemned(_ effects: inout [Effect]) {
    for rank in ranks.indices where ranks[rank].isAlive && ranks[rank].verdict != nil {
      effects.append(.stopRanks(group: index, epoch: ranks[rank].epoch, ranks: [rank], grace: nil))
    }
  }

  private func giveUp(_ rank: Int, _ reason: String, _ failure: Failure, _ effects: inout [Effect]) {
    let id = replica(rank)
    record(
      .error, .rankFailed, subject: id, "\(id) is not started again, \(reason); \(name) goes on without it",
      cause: failure, &effects)
  }

  /// Starts replacements that are due, and ends one whose start stands still.
  mutating func tendReplacements(at now: Duration, _ effects: inout [Effect]) {
    for rank in ranks.indices {
      if let due = ranks[rank].restart, due <= now { replace(rank, at: now, &effects) }
    }
    guard isReplacing, now >= startDeadline, let stuck = ranks.firstIndex(where: \.isStarting) else {
      return
    }
    lastProgress = now
    let id = replica(stuck)
    record(
      .warning, .groupStalled, subject: id,
      "\(id) stands still in \(ranks[stuck].phase.rawValue); it is ended",
      &effects)
    effects.append(.stopRanks(group: index, epoch: ranks[stuck].epoch, ranks: [stuck], grace: nil))
  }

  private mutating func replace(_ rank: Int, at now: Duration, _ effects: inout [Effect]) {
    epoch += 1
    var successor = Rank(epoch: epoch, seed: 0)
    successor.budget = ranks[rank].budget
    successor.restarts = ranks[rank].restarts + 1
    ranks[rank] = successor
    lastProgress = now
    launch([rank], &effects)
  }

  /// A replacement answers.
  mutating func rejoined(_ rank: Int, _ effects: inout [Effect]) {
    if isWhole { failure = nil }
    record(
      .info, .rankRunning, subject: replica(rank),
      "\(replica(rank)) serves again, \(readyCount) of \(ranks.count) ranks of \(name) do", &effects)
  }

  private var isReplacing: Bool { ranks.contains(where: \.isStarting) }

  /// When a replacement is due, or its start is given up; nil when there is none.
  var replacementDeadline: Duration? {
    (ranks.compactMap(\.restart) + (isReplacing ? [startDeadline] : [])).min()
  }
}
