import ControlAPI

// What cannot be seen is said, lest silence be taken for health.
extension HintRule {
  static let stoppedRank = HintRule(
    "H25", .blind, .error, "a rank stands still and holds its group up",
    signal: "a running rank gives no sign of life while the group has work",
    cause: """
      Ranks work in lock-step: one that is stopped (SIGSTOP, a debugger, a frozen container, a hung driver) keeps all others \
      waiting within the same step.
      """,
    remedy: "`kill -CONT` its process, or restart the rank; "
      + "it is ended by itself after three times `health_check_timeout_s`",
    timing: Timing(raiseAfter: 1), explains: ["H03", "H05", "H06", "H08", "H09", "H11", "H17", "H19"]
  ) { observation in
    observation.serving.filter { isStandingStill($0, observation) }.map { rank in
      Finding(
        replica: rank.id, title: "\(rank.id) stands still and holds its group up",
        advice: "`kill -CONT \(rank.pid.value.map(String.init) ?? "its process")`, or "
          + "`dpdeploy restart \(observation.application.name) \(rank.id)`",
        evidence: [
          age(rank),
          Evidence(.queue, "\(inFlight(observation)) requests are in the group or wait for it"),
        ])
    }
  }

  static let blind = HintRule(
    "H15", .blind, .warning, "readings are old or missing, so nothing is known",
    signal: "a replica that serves has told nothing for three seconds, or never did",
    cause: """
      The process is stopped, or its event loop is held up. Its numbers are left out of all totals: unknown is not healthy.
      """,
    remedy: "look at the process and its log; it is ended and replaced by itself "
      + "after three times `health_check_timeout_s`",
    timing: Timing(raiseAfter: 2, clearAfter: 3)
  ) { observation in
    observation.serving.filter {
      ($0.stale || $0.observedAgeSeconds.value == nil) && !isStandingStill($0, observation)
    }.map { replica in
      Finding(
        replica: replica.id,
        title:
          "the readings of \(replica.id) are \(replica.stale ? "old" : "missing"), so nothing is known of it",
        advice: "look at `dpdeploy logs \(observation.application.name)` and at its process; "
          + "`dpdeploy restart \(observation.application.name) \(replica.id)` starts it again",
        evidence: [age(replica)])
    }
  }

  private static func isStandingStill(_ replica: ReplicaStatus, _ observation: Observation) -> Bool {
    replica.role == .rank && replica.stale && inFlight(observation) + (replica.running.value ?? 0) > 0
  }

  /// A rank that stands still takes nothing in, so what the ingress has sent it is nowhere else to be seen.
  private static func inFlight(_ observation: Observation) -> Int {
    let relayed = observation.ingress.compactMap(\.running.value).reduce(0, +)
    return max(observation.metrics.running.value ?? 0, relayed) + (observation.queued ?? 0)
  }

  private static func age(_ replica: ReplicaStatus) -> Evidence {
    guard let age = replica.observedAgeSeconds.value else {
      return Evidence(.replicas, "\(replica.id) has never told anything")
    }
    return Evidence(.replicas, "\(replica.id) gave its last sign of life \(decimal(age)) s ago")
  }
}
