import ControlAPI

extension Rule {
  /// H01: a deployment stays UPDATING because a rank does not get ready.
  static let stuckUpdating = Rule { observation in
    guard let server = observation.server, server.status == .updating || server.status == .deployFailed,
      let blocking = server.replicas.first(where: { $0.state != .running }) ?? server.replicas.first
    else { return [] }
    let ready = server.replicas.count { $0.state == .running }
    let phase = blocking.phase.value?.rawValue ?? "not started"
    var evidence = [
      "need \(server.targetReplicas) ranks, \(ready) ready", "\(blocking.id) is in phase \(phase)",
    ]
    if !server.message.isEmpty { evidence.append(server.message) }
    return [
      Hint(
        id: "H01", severity: server.status == .deployFailed ? .error : .warning,
        title: "\(server.name) is \(server.status.rawValue): \(blocking.id) is not ready", evidence: evidence,
        field: "llm_config.engine_kwargs.data_parallel_size",
        advice:
          "read `dpdeploy logs \(observation.application.name) --rank \(blocking.rank ?? 0)`; ask for fewer ranks if they do not fit",
        replica: blocking.id)
    ]
  }

  /// H14: a group that keeps coming back does not stay.
  static let restartLoop = Rule { observation in
    guard let server = observation.server, let worst = server.replicas.max(by: { $0.restarts < $1.restarts }),
      worst.restarts >= 3, observation.application.status != .running
    else { return [] }
    return [
      Hint(
        id: "H14", severity: .error, title: "the group restarts again and again",
        evidence: ["\(worst.id) was restarted \(worst.restarts) times", server.message].filter {
          !$0.isEmpty
        },
        advice:
          "`dpdeploy events \(observation.application.name)` names the first rank to die and its last words",
        replica: worst.id)
    ]
  }
}
