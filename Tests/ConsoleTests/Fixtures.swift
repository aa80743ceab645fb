import ControlAPI
import Terminal

@testable import Console

/// A deployment in the middle of its life: one rank starting again, one silent, one full.
enum Fixture {
  static let now = 1_760_000_000.0

  static func state(width: Int, height: Int) -> ConsoleState {
    var state = ConsoleState(now: now, utcOffset: 0, width: width, height: height)
    _ = state.update(.manifests([manifest]), at: now)
    for second in 0..<40 {
      let time = now - 39 + Double(second)
      _ = state.update(.snapshot(snapshot(sequence: 81 + second, second: second)), at: time)
    }
    return state
  }

  /// The nodes of ranks that compute on accelerators: one sound, one slowed by heat, one that does not answer any more.
  static func stateWithDevices(width: Int, height: Int) -> ConsoleState {
    var state = state(width: width, height: height)
    var snapshot = snapshot()
    for index in snapshot.status.applications[0].deployments[0].replicas.indices {
      snapshot.status.applications[0].deployments[0].replicas[index].utilizationSource = .known("nvml")
    }
    snapshot.status.machines = machines
    _ = state.update(.snapshot(snapshot), at: now)
    state.screen = .nodes
    return state
  }

  static var machines: [MachineStatus] {
    var machine = MachineStatus(name: "h100-0")
    machine.cores = .known(96)
    machine.cpuRatio = .known(0.34)
    machine.stealRatio = .known(0)
    machine.load1m = .known(31.4)
    (machine.memoryUsedBytes, machine.memoryTotalBytes) = (.known(412 << 30), .known(1007 << 30))
    (machine.shmUsedBytes, machine.shmTotalBytes) = (.known(9 << 30), .unknown)
    machine.driverVersion = "550.54.15"
    machine.devices = (0..<3).map { index in
      var device = DeviceStatus(
        index: index, source: .nvml, uuid: .known("GPU-\(index)"), model: .known("NVIDIA H100 80GB HBM3"))
      device.memoryTotalBytes = .known(81_559 << 20)
      device.smClockMaxHertz = .known(1_980_000_000)
      guard index < 2 else {
        device.stale = true
        device.observedAgeSeconds = .known(42)
        return device
      }
      device.observedAgeSeconds = .known(0.4)
      device.utilizationRatio = .known(0.97)
      device.smActiveRatio = index == 0 ? .known(0.62) : .unknown
      device.memoryUsedBytes = .known(70_000 << 20)
      device.powerWatts = .known(index == 0 ? 655.1 : 312.4)
      device.powerLimitWatts = .known(700)
      device.smClockHertz = .known(index == 0 ? 1_980_000_000 : 1_185_000_000)
      device.memoryClockHertz = .known(2_619_000_000)
      device.temperatureCelsius = .known(index == 0 ? 64 : 91)
      device.throttleReasons = .known(index == 0 ? [] : [.powerCap, .hardwareThermal])
      device.eccUncorrected = .known(index)
      device.eccCorrected = .known(12)
      var process = DeviceProcess(pid: 41_822 + Int32(index), memoryBytes: .known(69_000 << 20))
      if index == 0 { (process.application, process.replica) = ("moe", "dp0") }
      device.processes = .known([process])
      return device
    }
    return [machine]
  }

  /// The same on a screen, with what that screen asks the controller for.
  static func state(width: Int, height: Int, on screen: ScreenKind) -> ConsoleState {
    var state = state(width: width, height: height)
    if screen == .logs { _ = state.update(.input(.key(.character("l"), [])), at: now) }
    state.screen = screen
    _ = state.update(.insight(application: "moe", .success(insight)), at: now)
    if screen == .logs {
      _ = state.update(.logs(LogPage(lines: logs, cursor: "1")), at: now - 20)
      _ = state.update(.logs(LogPage(lines: newLogs, cursor: "2")), at: now - 5)
      _ = state.update(.tick, at: now)
    }
    return state
  }

  /// Two minutes of latencies with a slow spell, and four ranks of which one has a hot expert in layer 3.
  static var insight: Insight {
    let columns = (0..<120).map { second in
      let slow = (70..<80).contains(second)
      let counts = (0..<12).map { bucket in
        max(0, 9 - abs(bucket - (slow ? 9 : 4)) * 3 - (second + bucket) % 3)
      }
      return LatencyColumn(time: now - 119 + Double(second), first: 12, counts: counts)
    }
    let summary = application.metrics.ttftSeconds
    let distributions = LatencyMetric.allCases.map { metric in
      LatencyDistribution(
        metric: metric, summary: summary, percentiles: (0...100).map { 0.05 + Double($0 * $0) / 8000 },
        columns: metric == .ttft ? columns : [])
    }
    let parts = zip(LatencyPart.Kind.allCases, [0.012, 0.002, 0.03, 0.16, 2.31]).map { kind, mean in
      LatencyPart(
        kind: kind,
        summary: LatencySummary(
          p50: .known(mean * 0.9), p90: .known(mean * 2), p99: .known(mean * 6), mean: .known(mean),
          count: 900))
    }
    let rows = (0..<12).map { layer in
      (0..<4).map { rank in layer == 3 && rank == 1 ? 9000 : 2400 + 300 * rank }
    }
    let even = rows.map { loads in
      Known<Double>.known(Double(loads.reduce(0, +)) / 4 / Double(loads.max() ?? 1))
    }
    var time = StepTime()
    (time.attention, time.experts, time.communication) = (.known(0.37), .known(0.48), .known(0.21))
    (time.sample, time.dummy, time.idle) = (.known(0.03), .known(0.031), .known(0.09))
    return Insight(
      latency: LatencyInsight(windowSeconds: 10, distributions: distributions, parts: parts),
      experts: ExpertInsight(
        windowSeconds: 14.2, ranks: (0..<4).map { "dp\($0)" }, rows: rows, balancedness: even,
        hottest: [
          HotExpert(layer: 3, expert: 17, ranks: ["dp1"], rows: 7100, timesMean: 12.4),
          HotExpert(layer: 0, expert: 2, ranks: ["dp0", "dp2"], rows: 1200, timesMean: 2.1),
        ], time: Array(repeating: time, count: 4)))
  }

  static let logs = (0..<60).map { index in
    LogLine(
      replica: "dp\(index % 4)", epoch: 3,
      text: "step \(index * 17): batch of \(index % 9) took \(index % 7) ms")
  }

  static let newLogs = [
    LogLine(replica: "dp0", epoch: 3, text: "warning: no free KV block, preempting request 71"),
    LogLine(replica: "ingress-0", epoch: nil, text: "rank dp3 is gone; 16 requests go on elsewhere"),
  ]

  /// Twelve seconds of it as a recording.
  static var recording: String {
    var lines = (28..<40).map { second in
      var snapshot = snapshot(sequence: 81 + second, second: second)
      if second > 28 { snapshot.history = ["moe": Array(history.suffix(40 - second).prefix(1))] }
      return RecordedLine(time: now - 39 + Double(second), snapshot: snapshot)
    }
    lines.append(RecordedLine(time: now, insight: insight, application: "moe"))
    return ([RecordingFile.head] + lines.map(RecordingFile.line)).joined(separator: "\n") + "\n"
  }

  static let plan = PlanResult(
    application: "moe", revision: 3, outcome: .updated,
    changes: [
      FieldChange(
        path: "llm_config.engine_kwargs.max_num_seqs", before: "64", after: "48", changeClass: "group-restart"
      ),
      FieldChange(path: "llm_config.engine_kwargs.swap_space", before: "4", after: nil, changeClass: "none"),
      FieldChange(
        path: "ingress_deployment_config.autoscaling_config.max_replicas", before: nil, after: "8",
        changeClass: "live"),
    ], steps: ["group 0 restarts: 4 ranks"], interruptionSeconds: .known(3.2))

  static let revisions = RevisionList(revisions: [
    Revision(number: 1, appliedAt: "2025-10-07T04:53:20Z", isCurrent: false, isLastHealthy: false),
    Revision(number: 2, appliedAt: "2025-10-08T11:00:00Z", isCurrent: false, isLastHealthy: true),
    Revision(number: 3, appliedAt: "2025-10-09T08:40:00Z", isCurrent: true, isLastHealthy: false),
  ])

  static func snapshot(sequence: Int = 120, second: Int = 39) -> Snapshot {
    var application = application
    for index in application.deployments[0].replicas.indices {
      let wave = (second * (index + 3)) % 11
      guard second < 39, let running = application.deployments[0].replicas[index].running.value else {
        continue
      }
      application.deployments[0].replicas[index].running = .known(max(0, running - wave))
      application.deployments[0].replicas[index].kvUsageRatio = .known(0.4 + Double(wave) / 20)
      application.deployments[0].replicas[index].stale = false
    }
    return Snapshot(
      sequence: sequence,
      status: Status(
        generatedAt: "2025-10-09T08:53:20Z", controller: .running(version: "0", pid: 7),
        applications: [application]),
      history: ["moe": history], events: events)
  }

  static let manifest = ManifestEntry(path: "moe.yaml", isBundled: false, text: manifestText)

  static let manifestText = """
    apiVersion: dpdeploy/v1
    name: moe
    llm_config:
      model_loading_config: {model_id: moe, model_source: operator-moe}
      engine_kwargs: {data_parallel_size: 4, max_num_seqs: 64, max_model_len: 4096, enable_expert_parallel: true}
      experimental_configs: {dp_size_per_node: 2}
      runtime_env:
        env_vars: {VLLM_MOE_DP_CHUNK_SIZE: "256", API_TOKEN: swordfish}
    ingress_deployment_config:
      autoscaling_config: {min_replicas: 2, max_replicas: 2}

    """

  static var application: ApplicationStatus {
    var metrics = ApplicationMetrics(windowSeconds: 30)
    metrics.requestsPerSecond = .known(41.26)
    metrics.promptTokensPerSecond = .known(9_612)
    metrics.generationTokensPerSecond = .known(38_214)
    metrics.ttftSeconds = LatencySummary(
      p50: .known(0.182), p90: .known(0.46), p99: .known(1.41), mean: .known(0.24), count: 1238)
    metrics.tpotSeconds = LatencySummary(
      p50: .known(0.0241), p90: .known(0.028), p99: .known(0.041), mean: .known(0.0249), count: 1201)
    metrics.queueDepth = .known(3)
    metrics.running = .known(158)
    metrics.waiting = .known(29)
    metrics.kvUsageRatio = .known(0.61)
    metrics.errorRatio = .known(0)
    metrics.refusedRatio = .known(0.02)
    metrics.abortedRatio = .known(0.11)
    metrics.ageSeconds = .known(0.4)
    var application = ApplicationStatus(
      name: "moe", status: .deploying, message: "", revision: 3, endpoint: .known("http://127.0.0.1:8000"),
      modelId: "moe", manifestPath: "/srv/moe.yaml", createdAt: "2025-10-07T04:53:20Z",
      deployments: [
        DeploymentStatus(
          name: "DPServer:moe", status: .updating, statusTrigger: .unspecified,
          message: "need 4 ranks, have 3; dp3 loads weights", targetReplicas: 4, replicas: ranks),
        DeploymentStatus(
          name: "DPRankAssigner", status: .healthy, statusTrigger: .unspecified, message: "",
          targetReplicas: 1,
          replicas: [],
          ranks: (0..<4).map { RankPlacement(group: 0, rank: $0, node: "node\($0 / 2)", device: $0 % 2) }),
        scaled,
      ], metrics: metrics, hints: hints)
    application.slo = PromisedLatency(ttftSeconds: 1, tpotSeconds: 0.05)
    return application
  }

  static var scaled: DeploymentStatus {
    var deployment = DeploymentStatus(
      name: "OpenAiIngress", status: .healthy, statusTrigger: .unspecified, message: "", targetReplicas: 2,
      replicas: ingress)
    var scaling = ScalingStatus(minReplicas: 2, maxReplicas: 8, targetOngoingRequests: 64)
    scaling.ongoingRequests = .known(161)
    scaling.runningReplicas = .known(2)
    scaling.wantedReplicas = .known(3)
    scaling.decision = .known("up to 3 in 12 s: 161 requests for 2 × 64")
    deployment.autoscaling = scaling
    return deployment
  }

  static var ranks: [ReplicaStatus] {
    var ranks = (0..<4).map { rank -> ReplicaStatus in
      var replica = ReplicaStatus(id: "dp\(rank)", role: .rank, state: .running, phase: .known(.ready))
      replica.node = "node\(rank / 2)"
      replica.gpuUtilizationRatio = .known([0.81, 0.74, 0.5, 0][rank])
      replica.kvUsageRatio = .known([0.97, 0.71, 0.42, 0][rank])
      replica.running = .known([64, 52, 42, 0][rank])
      replica.waiting = .known([29, 0, 0, 0][rank])
      replica.generationTokensPerSecond = .known(12_500 - Double(rank) * 800)
      replica.ttftP50Seconds = .known(0.18 + Double(rank) / 10)
      replica.tpotP50Seconds = .known(0.024)
      replica.cpuRatio = .known(0.97)
      replica.rssBytes = .known(412 << 20)
      replica.dummyRatio = .known(0.031)
      replica.communicationRatio = .known(0.12)
      replica.linkRatio = .known(0.04)
      replica.chunksPerStep = .known([1.5, 1, 1, 0][rank])
      replica.overlapRatio = .known(0.4)
      replica.computeCPURatio = .known(0.98)
      replica.preemptionsPerSecond = .known([3.1, 0, 0, 0][rank])
      replica.prefixHitRatio = .known(0.25)
      replica.ttftCount = .known([412, 408, 398, 0][rank])
      return replica
    }
    ranks[2].stale = true
    ranks[2].observedAgeSeconds = .known(12)
    ranks[3].state = .starting
    ranks[3].phase = .known(.loadWeights)
    ranks[3].phaseProgress = 0.64
    ranks[3].restarts = 2
    return ranks
  }

  static var ingress: [ReplicaStatus] {
    (0..<2).map { index in
      var replica = ReplicaStatus(id: "ingress-\(index)", role: .ingress, state: .running)
      replica.cpuRatio = .known(index == 0 ? 0.38 : 0.61)
      replica.running = .known(80 + index)
      replica.waiting = .known(index)
      replica.requestsPerSecond = .known(20.6)
      replica.ttftP50Seconds = .known(0.182)
      replica.tpotP50Seconds = .known(0.0241)
      replica.ttftCount = .known(619)
      return replica
    }
  }

  static let hints = [
    Hint(
      id: "H07", severity: .error, confidence: .high, title: "high latency: dp0 has no free KV blocks",
      cause: "Preempted requests lose their KV blocks and are computed again from the start.",
      evidence: [
        Evidence("KV cache is at 97%", on: .replicas), Evidence("64 requests run, 29 wait", on: .replicas),
      ],
      field: "llm_config.engine_kwargs.max_num_seqs", current: "64", value: "48",
      advice: "run fewer requests at once", runbook: "docs/operations.md#h07",
      since: "2025-10-09T08:52:38Z", replica: "dp0"),
    Hint(
      id: "H03", severity: .warning, title: "low throughput: requests crowd on dp0",
      evidence: [Evidence("dp0 runs 64 requests, the median rank 42", on: .replicas)],
      field: "ingress.policy", value: "power_of_two",
      advice: "route by load", replica: "dp0"),
  ]

  static let events = [
    Event(
      sequence: 1, time: "2025-10-09T08:40:00Z", application: "moe", severity: .info, reason: "Applied",
      replica: nil, message: "revision 3: max_num_seqs 48 → 64"),
    Event(
      sequence: 2, time: "2025-10-09T08:53:02Z", application: "moe", severity: .error, reason: "RankDied",
      replica: "dp3", message: "signal 9 (SIGKILL)"),
    Event(
      sequence: 3, time: "2025-10-09T08:53:03Z", application: "moe", severity: .warning,
      reason: "GroupRestarting", replica: nil, message: "group 0 starts again as epoch 4"),
  ]

  /// Two minutes with a hole of ten seconds, in which nothing was known.
  static let history: [HistoryPoint] = (0..<120).compactMap { second in
    guard !(60..<70).contains(second) else { return nil }
    var point = HistoryPoint(time: now - 119 + Double(second))
    let wave = Double((second * 7) % 23) / 23
    point.requestsPerSecond = 30 + 12 * wave
    point.generationTokensPerSecond = 30_000 + 9_000 * wave
    point.ttftP50Seconds = 0.15 + 0.1 * wave
    point.tpotP50Seconds = 0.02 + 0.01 * wave
    point.queueDepth = (5 * wave).rounded()
    point.running = (120 + 40 * wave).rounded()
    point.kvUsageRatio = 0.4 + 0.2 * wave
    return point
  }
}
