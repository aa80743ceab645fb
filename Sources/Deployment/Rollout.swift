import ControlAPI

/// Where the change to an application's revision stands, and what it falls back to.
public struct Rollout: Sendable, Equatable, Codable {
  /// The newest revision that was HEALTHY; nil before the first.
  public internal(set) var lastHealthy: Int?
  /// Whether no further group gives up its former engine.
  public internal(set) var isPaused = false
  /// Whether a failure brings the last healthy revision back.
  public var rollsBack = false
  /// The revision that is to be carried out again; nil when none is, or it is under way.
  public internal(set) var pending: Fallback?
  /// What the present revision was brought back from; nil when an operator asked for it.
  public internal(set) var broughtBack: Fallback?

  /// A way back.
  public struct Fallback: Sendable, Equatable, Codable {
    /// The revision that failed.
    public let from: Int
    /// The revision that was healthy.
    public let to: Int
    /// Why it failed.
    public let reason: String
  }

  /// Another revision supersedes whatever was under way.
  mutating func begin(isNew: Bool) {
    guard isNew else { return }
    (broughtBack, pending) = (pending, nil)
    isPaused = false
    // A rollback happens once: what it brings back has nothing to fall back to.
    rollsBack = false
  }
}

extension Application {
  /// Has a failure of the present revision bring the last healthy one back.
  public mutating func rollBackOnFailure() { rollout.rollsBack = true }

  /// Nothing is brought back after all.
  public mutating func giveUpRollback() { rollout.pending = nil }

  /// Halts the rollout before the next group, or lets it go on.
  public mutating func pause(_ isPaused: Bool, at now: Duration) -> [Effect] {
    guard rollout.isPaused != isPaused else { return [] }
    rollout.isPaused = isPaused
    var effects: [Effect] = [
      .record(
        EventRecord(
          .info, .rolloutPaused,
          "the rollout of revision \(revision) \(isPaused ? "is paused before its next group" : "goes on")"))
    ]
    settle(at: now, &effects)
    return effects
  }

  /// Remembers what was healthy, and falls back to it once when its successor fails.
  mutating func judgeRollout(at now: Duration, _ effects: inout [Effect]) {
    guard !isDeleting else { return }
    if status == .running {
      rollout.lastHealthy = revision
      return
    }
    guard status == .deployFailed, rollout.rollsBack, let healthy = rollout.lastHealthy, healthy != revision
    else { return }
    rollout.rollsBack = false
    let reason =
      [serverMessage(at: now), ingressMessage(at: now), frontMessage(at: now)].first { !$0.isEmpty } ?? ""
    rollout.pending = Rollout.Fallback(from: revision, to: healthy, reason: reason)
    effects.append(
      .record(
        EventRecord(
          .warning, .rolledBack, "revision \(revision) failed, revision \(healthy) comes back: \(reason)")))
    effects.append(.rollBack(to: healthy, because: reason))
  }
}
