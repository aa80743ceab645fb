import ControlAPI

@testable import Diagnosis

/// An application as a test wishes it: healthy and busy, but for what `change` does to it.
struct Scene {
  var application = Scene.healthy
  var settings = ServingSettings(
    dataParallelSize: 2, maxNumSequences: 16, maxNumBatchedTokens: 512, ingressReplicas: 1,
    gpuMemoryUtilization: 0.9)

  var devices: [DeviceStatus] = []

  init(_ change: (inout Scene) -> Void = { _ in }) { change(&self) }

  var server: DeploymentStatus {
    get { application.deployments[0] }
    set { application.deployments[0] = newValue }
  }

  var ingress: ReplicaStatus {
    get { application.deployments[1].replicas[0] }
    set { application.deployments[1].replicas[0] = newValue }
  }

  var metrics: ApplicationMetrics {
    get { application.metrics }
    set { application.metrics = newValue }
  }

  /// Changes every rank.
  mutating func ranks(_ change: (inout ReplicaStatus) -> Void) {
    for index in server.replicas.indices { change(&server.replicas[index]) }
  }

  /// Gives each rank a sound device of its own, but for what `change` does to the second.
  mutating func giveDevices(_ change: (inout DeviceStatus) -> Void) {
    devices = server.replicas.indices.map { index in
      var device = DeviceStatus(index: index, source: .nvml)
      device.smClockHertz = .known(1_980_000_000)
      device.smClockMaxHertz = .known(1_980_000_000)
      device.throttleReasons = .known([.powerCap])
      device.eccUncorrected = .known(0)
      return device
    }
    for index in server.replicas.indices { server.replicas[index].devices = [index] }
    change(&devices[1])
  }

  func observation(at time: Double) -> Observation {
    Observation(
      time: time, timestamp: "t\(time)", application: application, settings: settings,
      devices: devices)
  }

  /// What is shown once this has held for ten seconds.
  var hints: [Hint] {
    var diagnosis = Diagnosis()
    return (0...10).reduce([]) { _, second in diagnosis.examine(observation(at: Double(second))) }
  }

  private static var healthy: ApplicationStatus {
    let ranks = (0..<2).map { index in
      var rank = ReplicaStatus(id: "dp\(index)", role: .rank, state: .running, phase: .known(.ready))
      (rank.group, rank.rank) = (0, index)
      rank.observedAgeSeconds = .known(0.2)
      rank.running = .known(5)
      rank.waiting = .known(0)
      rank.kvUsageRatio = .known(0.3)
      rank.gpuUtilizationRatio = .known(0.5)
      rank.dummyRatio = .known(0)
      rank.communicationRatio = .known(0.1)
      rank.linkRatio = .known(0)
      rank.chunksPerStep = .known(1)
      rank.overlapRatio = .known(0)
      rank.computeCPURatio = .known(0.95)
      rank.expertRowsPerSecond = .known(1000)
      rank.preemptionsPerSecond = .known(0)
      return rank
    }
    var ingress = ReplicaStatus(id: "ingress-0", role: .ingress, state: .running)
    ingress.observedAgeSeconds = .known(0.2)
    ingress.cpuRatio = .known(0.1)
    var metrics = ApplicationMetrics(windowSeconds: 10)
    metrics.requestsPerSecond = .known(5)
    metrics.promptTokensPerSecond = .known(100)
    metrics.generationTokensPerSecond = .known(300)
    metrics.queueDepth = .known(0)
    metrics.running = .known(10)
    metrics.waiting = .known(0)
    metrics.kvUsageRatio = .known(0.3)
    metrics.refusedRatio = .known(0)
    metrics.abortedRatio = .known(0)
    metrics.ttftSeconds = LatencySummary(
      p50: .known(0.1), p90: .known(0.2), p99: .known(0.3), mean: .known(0.1), count: 50)
    metrics.tpotSeconds = .of(0.02, 0.03, 50)
    metrics.itlSeconds = .of(0.02, 0.04, 3000)
    func deployment(_ name: String, _ replicas: [ReplicaStatus]) -> DeploymentStatus {
      DeploymentStatus(
        name: name, status: .healthy, statusTrigger: .configUpdateCompleted, message: "",
        targetReplicas: replicas.count, replicas: replicas)
    }
    return ApplicationStatus(
      name: "a", status: .running, message: "", revision: 1, endpoint: .known("http://127.0.0.1:1"),
      modelId: "m", manifestPath: nil, createdAt: "2026-01-01T00:00:00Z",
      deployments: [deployment("DPServer:m", ranks), deployment("OpenAiIngress", [ingress])],
      metrics: metrics, hints: [])
  }
}

extension LatencySummary {
  /// A distribution by its median and its tail.
  static func of(_ median: Double, _ tail: Double, _ count: Int) -> LatencySummary {
    LatencySummary(
      p50: .known(median), p90: .known(tail), p99: .known(tail), mean: .known(median), count: count)
  }
}
