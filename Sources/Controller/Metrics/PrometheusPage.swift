import ControlAPI
import Deployment
import Machines
import Platform
import Telemetry

/// The controller's `/metrics`: what its instruments say of all applications, for Prometheus.
///
/// Stats pages are told slot by slot under their slots' names, so a new slot needs no word here. Gauges of a process
/// whose readings are old are left out, and its `dpdeploy_replica_up` is 0.
@Loop
struct PrometheusPage {
  let runners: [ApplicationRunner]
  /// The machines, this one first.
  let machines: [MachineStatus]
  private let statuses: [ApplicationStatus]
  private let now = MonotonicClock.seconds

  /// Of applications elsewhere the controller has a status alone.
  init(_ controller: Controller) {
    runners = controller.runners.values.sorted { $0.stored.name < $1.stored.name }
    controller.surroundings.machine.look()
    machines = controller.machines
    statuses = controller.applications.map(\.status).sorted { $0.name < $1.name }
  }

  /// The page in text exposition format.
  func bytes() -> [UInt8] {
    var page = PrometheusWriter()
    page.family("dpdeploy_controller_info", .gauge, help: "The controller; always 1.")
    page.sample("dpdeploy_controller_info", MetricLabels(["version": Version.current]), Int64(1))
    writeApplications(&page)
    writeReplicas(&page)
    writeHints(&page)
    writeMachines(&page)
    write(&page, ranks, [.ttft, .tpot, .itl, .e2e, .queue, .prefill, .decode])
    write(&page, ingress, [.ttft, .tpot, .queueWait, .e2e, .routeOverhead])
    return page.bytes
  }

  private func writeApplications(_ page: inout PrometheusWriter) {
    page.family(
      "dpdeploy_application_healthy", .gauge, help: "1 when it is RUNNING and all deployments are HEALTHY.")
    for status in statuses {
      let isHealthy = status.status == .running && status.deployments.allSatisfy { $0.status == .healthy }
      page.sample("dpdeploy_application_healthy", labels(status), Int64(isHealthy ? 1 : 0))
    }
    page.family(
      "dpdeploy_application_status", .gauge, help: "1 for the state, in Ray Serve's words, that it is in.")
    for status in statuses {
      for state in ApplicationState.allCases {
        page.sample(
          "dpdeploy_application_status", labels(status).adding("status", state.rawValue),
          Int64(state == status.status ? 1 : 0))
      }
    }
    page.family("dpdeploy_application_revision", .gauge, help: "The revision that is carried out.")
    for status in statuses {
      page.sample("dpdeploy_application_revision", labels(status), Int64(status.revision))
    }
    page.family("dpdeploy_deployment_target_replicas", .gauge, help: "Replicas that there should be.")
    for (status, deployment) in deployments {
      page.sample(
        "dpdeploy_deployment_target_replicas", labels(status).adding("deployment", deployment.name),
        Int64(deployment.targetReplicas))
    }
    page.family("dpdeploy_deployment_running_replicas", .gauge, help: "Replicas that serve.")
    for (status, deployment) in deployments {
      page.sample(
        "dpdeploy_deployment_running_replicas", labels(status).adding("deployment", deployment.name),
        Int64(deployment.replicas.count { $0.state == .running }))
    }
  }

  /// A family with a sample for each replica that has a value.
  private struct ReplicaFamily {
    let name: String
    let kind: PrometheusWriter.Kind
    let help: String
    let value: (ReplicaStatus) -> Double?

    init(
      _ name: String, _ kind: PrometheusWriter.Kind, _ help: String,
      value: @escaping (ReplicaStatus) -> Double?
    ) {
      (self.name, self.kind, self.help, self.value) = ("dpdeploy_replica_" + name, kind, help, value)
    }
  }

  private func writeReplicas(_ page: inout PrometheusWriter) {
    let families = [
      ReplicaFamily("up", .gauge, "1 when it serves and its readings are fresh.") {
        $0.state == .running && !$0.stale ? 1 : 0
      },
      ReplicaFamily("restarts_total", .counter, "How often it was started again.") { Double($0.restarts) },
      ReplicaFamily("age_seconds", .gauge, "The age of its last sign of life.") {
        $0.observedAgeSeconds.value
      },
      ReplicaFamily("cpu_ratio", .gauge, "Processor time over wall time; 1 is one core.") {
        $0.cpuRatio.value
      },
      ReplicaFamily("resident_bytes", .gauge, "Resident memory.") { $0.rssBytes.value.map(Double.init) },
    ]
    for family in families {
      page.family(family.name, family.kind, help: family.help)
      for (status, deployment) in deployments {
        for replica in deployment.replicas {
          if let value = family.value(replica) { page.sample(family.name, labels(status, replica), value) }
        }
      }
    }
  }

  private func writeHints(_ page: inout PrometheusWriter) {
    page.family("dpdeploy_hint", .gauge, help: "1 while the hint of docs/operations.md is shown.")
    for status in statuses {
      for hint in status.hints {
        page.sample(
          "dpdeploy_hint",
          labels(status).adding("id", hint.id).adding("severity", hint.severity.rawValue)
            .adding("replica", hint.replica ?? ""), Int64(1))
      }
    }
  }

  private var deployments: [(ApplicationStatus, DeploymentStatus)] {
    statuses.flatMap { status in status.deployments.map { (status, $0) } }
  }

  private func labels(_ status: ApplicationStatus) -> MetricLabels {
    MetricLabels(["application": status.name])
  }

  private func labels(_ status: ApplicationStatus, _ replica: ReplicaStatus) -> MetricLabels {
    labels(status).adding("replica", replica.id).adding("role", replica.role.rawValue)
  }
}

// The stats pages, slot by slot.
extension PrometheusPage {
  private typealias Source<Role: StatsRole> = (labels: MetricLabels, meter: ProcessMeter<Role>)

  private var ranks: [Source<RankStats>] {
    runners.flatMap { runner in
      runner.ranks.values.filter { runner.state.groups.indices.contains($0.place.group) }.map { rank in
        (place(runner, runner.state.groups[rank.place.group].replica(rank.place.rank)), rank.meter)
      }
    }
  }

  private var ingress: [Source<IngressStats>] {
    runners.flatMap { runner in
      runner.replicas.values.map { (place(runner, "ingress-\($0.index)"), $0.meter) }
    }
  }

  private func place(_ runner: ApplicationRunner, _ replica: String) -> MetricLabels {
    MetricLabels(["application": runner.stored.name, "replica": replica])
  }

  private func write<Role>(
    _ page: inout PrometheusWriter, _ sources: [Source<Role>], _ sketches: [Role.Sketch]
  ) {
    let known = sources.filter { $0.meter.page != nil }
    for slot in Role.Counter.allCases {
      let name = MetricSlotName("\(slot)")
      let full = "dpdeploy_\(Role.name)_\(name.text)_total"
      page.family(full, .counter, help: "The counter `\(slot)` of a \(Role.name)'s stats page.")
      for (labels, meter) in known {
        page.sample(full, labels, Double(meter.page?[slot] ?? 0) * name.scale)
      }
    }
    for slot in Role.Gauge.allCases {
      let full = "dpdeploy_\(Role.name)_\(MetricSlotName("\(slot)").text)"
      page.family(full, .gauge, help: "The gauge `\(slot)` of a \(Role.name)'s stats page.")
      for (labels, meter) in known where !meter.isStale(at: now) {
        page.sample(full, labels, meter.page?[slot] ?? 0)
      }
    }
    for slot in sketches {
      let full = "dpdeploy_\(Role.name)_\(MetricSlotName("\(slot)").text)_seconds"
      page.family(full, .histogram, help: "The distribution `\(slot)` of a \(Role.name)'s stats page.")
      for (labels, meter) in known {
        page.samples(
          full, labels,
          Histogram(meter.page?[slot] ?? QuantileSketch(), bounds: BucketBounds.stepPhases + [20, 50, 100]))
      }
    }
  }
}

/// A slot's name as Prometheus wants it: snake case, and seconds for nanoseconds.
struct MetricSlotName {
  /// The name.
  let text: String
  /// What a value is multiplied with.
  let scale: Double

  init(_ slot: String) {
    var words = ""
    let letters = Array(slot)
    for (index, letter) in letters.enumerated() {
      let follows = index > 0 && letter.isUppercase
      let next = index + 1 < letters.count ? letters[index + 1] : "A"
      if follows, !letters[index - 1].isUppercase || next.isLowercase { words += "_" }
      words += letter.lowercased()
    }
    let isTime = words.hasSuffix("_nanoseconds")
    text = isTime ? String(words.dropLast("nanoseconds".count)) + "seconds" : words
    scale = isTime ? 1e-9 : 1
  }
}
