import CommandLine
import ControlAPI

/// A status as text for people.
struct StatusText {
  let style: Style
  /// Whether the table of replicas has all columns.
  var isWide = false

  func render(_ status: Status) -> String {
    let problem = status.controller.stateProblem.map {
      style.red("not written down")
        + " what happens now: \($0); all is supervised as before, applies are refused\n\n"
    }
    return (problem ?? "") + applications(status)
  }

  private func applications(_ status: Status) -> String {
    guard !status.applications.isEmpty else {
      return "No applications. `dpdeploy apply MANIFEST` starts one.\n"
    }
    return status.applications.map(render).joined(separator: "\n")
  }

  private func render(_ application: ApplicationStatus) -> String {
    var text = style.bold(application.name) + "  " + colored(application.status.rawValue)
    text += "  revision \(application.revision)  \(application.endpoint.value ?? "no endpoint yet")\n"
    if !application.message.isEmpty { text += "  \(application.message)\n" }
    if let scale = application.scale {
      text += "  set by hand: \(scale.words), until the next apply\n"
    }
    text += metrics(application.metrics) + "\n\n"
    text += deployments(application.deployments) + "\n" + replicas(application.deployments)
    for hint in application.hints { text += "\n" + HintText(style: style).render(hint) }
    return text
  }

  private func metrics(_ metrics: ApplicationMetrics) -> String {
    let parts = [
      "\(Quantity.rate(metrics.requestsPerSecond.value)) req/s",
      "\(Quantity.rate(metrics.generationTokensPerSecond.value)) tok/s out",
      "TTFT \(Quantity.seconds(metrics.ttftSeconds.p50.value)) p50, \(Quantity.seconds(metrics.ttftSeconds.p99.value)) p99",
      "TPOT \(Quantity.seconds(metrics.tpotSeconds.p50.value)) p50",
      "queue \(Quantity.count(metrics.queueDepth.value))",
    ]
    return "  " + parts.joined(separator: "  ·  ")
  }

  private func deployments(_ deployments: [DeploymentStatus]) -> String {
    var table = TextTable(["DEPLOYMENT", "STATUS", "READY", "MESSAGE"], numeric: ["READY"])
    for deployment in deployments {
      let ready = deployment.replicas.count { $0.state == .running }
      let count = deployment.replicas.isEmpty ? "" : "\(ready)/\(deployment.targetReplicas)"
      table.add([deployment.name, colored(deployment.status.rawValue), count, deployment.message])
    }
    return table.render(style: style) + deployments.compactMap(scaling).joined()
  }

  /// What a deployment's autoscaling concluded last.
  private func scaling(_ deployment: DeploymentStatus) -> String? {
    deployment.autoscaling.map {
      "\(deployment.name) follows the load, \($0.minReplicas) to \($0.maxReplicas): "
        + "\($0.decision.value ?? "nothing was decided yet")\n"
    }
  }

  private func replicas(_ deployments: [DeploymentStatus]) -> String {
    let numeric = ["PID", "RESTARTS", "UTIL", "CPU", "MEM", "RUN", "WAIT", "KV", "TOK/S", "TTFT", "TPOT"]
    let more = isWide ? ["EPOCH", "AGE", "REQ/S", "DUMMY", "COMM"] : []
    var table = TextTable(
      ["REPLICA", "NODE", "STATE"] + numeric + more, numeric: Set(numeric + more))
    for replica in deployments.flatMap(\.replicas) {
      table.add(
        [
          replica.id, replica.node ?? "", state(replica), Quantity.count(replica.pid.value.map(Int.init)),
          String(replica.restarts), replica.gpuUtilizationRatio.map { Quantity.percent($0.value) } ?? "",
          Quantity.percent(replica.cpuRatio.value), Quantity.bytes(replica.rssBytes.value),
          Quantity.count(replica.running.value), Quantity.count(replica.waiting.value),
          replica.kvUsageRatio.map { Quantity.percent($0.value) } ?? "",
          Quantity.rate(replica.generationTokensPerSecond.value),
          Quantity.seconds(replica.ttftP50Seconds.value),
          Quantity.seconds(replica.tpotP50Seconds.value),
        ] + (isWide ? wideCells(replica) : []))
    }
    return table.render(style: style)
  }

  private func wideCells(_ replica: ReplicaStatus) -> [String] {
    [
      replica.epoch.map(String.init) ?? "", Quantity.seconds(replica.observedAgeSeconds.value),
      Quantity.rate(replica.requestsPerSecond.value),
      replica.dummyRatio.map { Quantity.percent($0.value) } ?? "",
      replica.communicationRatio.map { Quantity.percent($0.value) } ?? "",
    ]
  }

  private func state(_ replica: ReplicaStatus) -> String {
    let phase = replica.state == .starting ? replica.phase.value.map { " (\($0.rawValue))" } ?? "" : ""
    let age = replica.stale ? " stale \(Quantity.seconds(replica.observedAgeSeconds.value))" : ""
    return colored(replica.state.rawValue) + phase + age
  }

  private func colored(_ word: String) -> String {
    switch word {
    case "RUNNING", "HEALTHY": style.green(word)
    case "UNHEALTHY", "DEPLOY_FAILED": style.red(word)
    default: style.yellow(word)
    }
  }
}
