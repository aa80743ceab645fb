import ControlAPI

// Replicas that do not start, or do not stay.
extension HintRule {
  static let linkDown = HintRule(
    "H02", .notStarting, .error, "nodes cannot reach each other",
    signal: "the ranks are not all up and `cluster.links` has a link that is down",
    cause:
      "Every rank exchanges tokens with every other one, so one missing link keeps the whole group from serving.",
    remedy: "bring the link up: on a cluster, look at interfaces, firewall and the address of rank 0's node",
    field: Field.links, timing: Timing(raiseAfter: 1), explains: ["H01", "H14", "H24"]
  ) { observation in
    guard let server = observation.server, server.status != .healthy, observation.settings.hasDownLink else {
      return []
    }
    return [
      Finding(
        evidence: [
          readiness(server), Evidence(.manifest, "cluster.links is \(observation.settings.links ?? "")"),
        ] + message(server),
        fix: Finding.Fix(Field.links, from: observation.settings.links, to: String?.none))
    ]
  }

  static let stuckStart = HintRule(
    "H01", .notStarting, .warning, "replicas are not ready",
    signal: "the ranks' deployment is UPDATING for longer than a start takes, or its start failed",
    cause: """
      A group serves when all of its ranks do. The phase says what the first of them waits for: `spawn`, `rendezvous` (a \
      peer), `load_weights`, `kv_alloc` (memory), `warmup`. More ranks than devices, or a `dp_size_per_node` that does not \
      divide them, are refused before anything starts (`does-not-fit`, `uneven-nodes`).
      """,
    remedy: "read the rank's log; ask for fewer ranks or smaller ones if they do not fit",
    field: Field.dataParallelSize, timing: Timing(raiseAfter: 8)
  ) { observation in
    guard let server = observation.server, [.updating, .deployFailed].contains(server.status),
      let blocking = server.replicas.first(where: { $0.state != .running }) ?? server.replicas.first
    else { return [] }
    let hasFailed = server.status == .deployFailed
    let phase = blocking.phase.value?.rawValue ?? "not started"
    return [
      Finding(
        replica: blocking.id, severity: hasFailed ? .error : .warning,
        confidence: hasFailed ? .high : .medium,
        title: "\(server.name) is \(server.status.rawValue): \(blocking.id) is not ready",
        advice: "read `dpdeploy logs \(observation.application.name) --rank \(blocking.rank ?? 0)`; "
          + "ask for fewer ranks or smaller ones if they do not fit",
        evidence: [readiness(server), Evidence(.replicas, "\(blocking.id) is in phase \(phase)")]
          + message(server),
        fix: Finding.Fix(Field.dataParallelSize, from: observation.settings.dataParallelSize, to: Int?.none))
    ]
  }

  static let restartLoop = HintRule(
    "H14", .notStarting, .error, "a rank restarts again and again",
    signal: "three restarts of one rank within ten minutes, the last of them less than two minutes ago",
    cause: """
      Memory (`signal 9` that nobody sent), a model that cannot be read, and a foreign process on a port are the usual \
      causes. A rank may restart five times in ten minutes, with growing pauses.
      """,
    remedy:
      "`dpdeploy events` names the first rank to die and its last words; `dpdeploy rollout undo` goes back",
    timing: Timing(raiseAfter: 0, clearAfter: 10), explains: ["H01", "H24", "H06"]
  ) { observation in
    let counts = observation.allRanks.map { rank in
      (rank, observation.restarts.count(of: rank.id, before: observation.time))
    }
    // A rank that has run for two minutes is stable again, as the restart budget has it.
    guard let worst = counts.max(by: { $0.1 < $1.1 }), worst.1 >= 3,
      observation.restarts.count(of: worst.0.id, within: 120, before: observation.time) > 0
    else { return [] }
    return [
      Finding(
        replica: worst.0.id, title: "\(worst.0.id) restarts again and again",
        evidence: [Evidence(.events, "\(worst.0.id) was restarted \(worst.1) times in the last 10 minutes")]
          + message(observation.server))
    ]
  }

  static let deadRank = HintRule(
    "H24", .notStarting, .warning, "a rank died",
    signal: "a rank was restarted within the last 10 s, or is down while others of its group serve",
    cause: """
      The others took over its experts and go on, with less room for requests; a new process joins them. With \
      `failure_policy: restart_gang` the whole group starts again instead.
      """,
    remedy: "nothing if it stays at one; `dpdeploy events` names its signal or code and its last words",
    timing: Timing(raiseAfter: 0, clearAfter: 3), explains: ["H01", "H06"]
  ) { observation in
    let restarts = observation.allRanks.filter {
      observation.restarts.count(of: $0.id, within: 10, before: observation.time) > 0
    }
    let isDegraded = observation.server?.status == .unhealthy || !restarts.isEmpty
    let lost = observation.allRanks.filter { [.stopped, .starting].contains($0.state) }
    guard isDegraded, let first = restarts.first ?? lost.first else { return [] }
    let serving = observation.allRanks.count { $0.state == .running }
    return [
      Finding(
        replica: first.id, title: "\(first.id) died",
        evidence: [
          Evidence(.replicas, "\(first.id) is \(first.state.rawValue), restarted \(first.restarts) times"),
          Evidence(.replicas, "\(serving) of \(observation.allRanks.count) ranks serve"),
        ] + message(observation.server))
    ]
  }

  private static func readiness(_ server: DeploymentStatus) -> Evidence {
    let ready = server.replicas.count { $0.state == .running }
    return Evidence(.replicas, "need \(server.targetReplicas) ranks, \(ready) ready")
  }

  private static func message(_ server: DeploymentStatus?) -> [Evidence] {
    guard let server, !server.message.isEmpty else { return [] }
    return [Evidence(.replicas, server.message)]
  }
}
