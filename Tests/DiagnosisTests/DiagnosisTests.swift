import ControlAPI
import Testing

@testable import Diagnosis

@Suite struct `Hints` {
  @Test func `are silent about a healthy application`() {
    #expect(hints(of: healthy).isEmpty)
  }

  @Test func `name the rank that keeps a deployment UPDATING`() {
    var sick = healthy
    sick.deployments[0].status = .updating
    sick.deployments[0].message = "need 2 devices, have 1"
    sick.deployments[0].replicas[1].state = .starting
    sick.deployments[0].replicas[1].phase = .known(.rendezvous)
    let hint = hints(of: sick).first
    #expect(hint?.id == "H01" && hint?.replica == "dp1")
    #expect(
      hint?.evidence == ["need 2 ranks, 1 ready", "dp1 is in phase rendezvous", "need 2 devices, have 1"])
  }

  @Test func `advise a larger batch when requests wait beside free KV blocks`() {
    var sick = healthy
    sick.metrics.queueDepth = .known(12)
    sick.metrics.running = .known(32)
    let hint = hints(of: sick).first
    #expect(
      hint?.id == "H05" && hint?.field == "llm_config.engine_kwargs.max_num_seqs" && hint?.value == "32")
  }

  @Test func `see the ingress at its limit while the ranks idle`() {
    var sick = healthy
    sick.deployments[1].replicas[0].cpuRatio = .known(0.97)
    let hint = hints(of: sick).first
    #expect(hint?.id == "H04" && hint?.replica == "ingress-0" && hint?.value == "2")
  }

  @Test(arguments: [(9, 2, true), (3, 1, false), (40, 38, false)])
  func `see a crowded rank, but not a nearly idle or an even group`(most: Int, least: Int, seen: Bool) {
    var sick = healthy
    sick.deployments[0].replicas[0].running = .known(most)
    sick.deployments[0].replicas[1].running = .known(least)
    #expect(hints(of: sick).contains { $0.id == "H03" } == seen)
  }

  @Test func `see head-of-line blocking in the tail of TPOT`() {
    var sick = healthy
    sick.metrics.tpotSeconds = LatencySummary(
      p50: .known(0.02), p90: .known(0.1), p99: .known(0.2), mean: .known(0.05), count: 100)
    let hint = hints(of: sick).first
    #expect(hint?.id == "H06" && hint?.value == "256")
    #expect(hint?.evidence.first == "TPOT p99 200 ms against p50 20 ms, n=100")
  }

  @Test func `draw nothing from a few requests`() {
    var sick = healthy
    sick.metrics.tpotSeconds = LatencySummary(
      p50: .known(0.02), p90: .known(0.1), p99: .known(0.2), mean: .known(0.05), count: 19)
    #expect(hints(of: sick).isEmpty)
  }

  @Test func `name the rank whose KV cache is full`() {
    var sick = healthy
    sick.deployments[0].replicas[1].kvUsageRatio = .known(0.99)
    let hint = hints(of: sick).first
    #expect(hint?.id == "H07" && hint?.replica == "dp1" && hint?.severity == .error && hint?.value == "12")
  }

  @Test func `ignore a replica whose readings are stale`() {
    var sick = healthy
    sick.deployments[0].replicas[1].kvUsageRatio = .known(0.99)
    sick.deployments[0].replicas[1].stale = true
    #expect(hints(of: sick).isEmpty)
  }

  @Test func `appear only once they have held, and stay over a short silence`() {
    var sick = healthy
    sick.deployments[0].replicas[1].kvUsageRatio = .known(0.99)
    var diagnosis = Diagnosis(appearsAfter: 3, goesAfter: 5)
    func look(_ time: Double, _ application: ApplicationStatus) -> Int {
      diagnosis.examine(observation(time, application)).count
    }
    #expect([look(0, sick), look(2, sick), look(3, sick)] == [0, 0, 1])
    #expect([look(5, healthy), look(7.9, healthy), look(8.1, healthy)] == [1, 1, 0])
    #expect(look(9, sick) == 0, "a hint that went must hold again before it comes back")
  }

  @Test func `come gravest first and say since when`() {
    var sick = healthy
    sick.deployments[0].replicas[1].kvUsageRatio = .known(0.99)
    sick.deployments[1].replicas[0].cpuRatio = .known(0.97)
    let found = hints(of: sick)
    #expect(found.map(\.id) == ["H07", "H04"])
    #expect(found.allSatisfy { $0.since == "t0.0" })
  }

  private func hints(of application: ApplicationStatus) -> [Hint] {
    var diagnosis = Diagnosis(appearsAfter: 3, goesAfter: 5)
    _ = diagnosis.examine(observation(0, application))
    return diagnosis.examine(observation(3, application))
  }

  private func observation(_ time: Double, _ application: ApplicationStatus) -> Observation {
    Observation(
      time: time, timestamp: "t\(time)", application: application,
      settings: ServingSettings(
        dataParallelSize: 2, maxNumSequences: 16, maxNumBatchedTokens: 512, ingressReplicas: 1,
        gpuMemoryUtilization: 0.9))
  }

  private var healthy: ApplicationStatus {
    let ranks = (0..<2).map { index in
      var rank = ReplicaStatus(id: "dp\(index)", role: .rank, state: .running, phase: .known(.ready))
      rank.rank = index
      rank.running = .known(5)
      rank.waiting = .known(0)
      rank.kvUsageRatio = .known(0.3)
      rank.gpuUtilizationRatio = .known(0.5)
      return rank
    }
    var ingress = ReplicaStatus(id: "ingress-0", role: .ingress, state: .running)
    ingress.cpuRatio = .known(0.1)
    var metrics = ApplicationMetrics(windowSeconds: 10)
    metrics.queueDepth = .known(0)
    metrics.running = .known(10)
    metrics.waiting = .known(0)
    metrics.kvUsageRatio = .known(0.3)
    metrics.ttftSeconds = LatencySummary(
      p50: .known(0.1), p90: .known(0.2), p99: .known(0.3), mean: .known(0.1), count: 50)
    return ApplicationStatus(
      name: "a", status: .running, message: "", revision: 1, endpoint: .known("http://127.0.0.1:1"),
      modelId: "m",
      manifestPath: nil, createdAt: "2026-01-01T00:00:00Z",
      deployments: [
        DeploymentStatus(
          name: "DPServer:m", status: .healthy, statusTrigger: .configUpdateCompleted, message: "",
          targetReplicas: 2,
          replicas: ranks),
        DeploymentStatus(
          name: "OpenAiIngress", status: .healthy, statusTrigger: .configUpdateCompleted, message: "",
          targetReplicas: 1, replicas: [ingress]),
      ],
      metrics: metrics, hints: [])
  }
}
