import ControlAPI
import Glibc
import HTTP
import Platform
import Testing

@testable import Controller

@Suite(.serialized) @Loop struct `A process that the controller looks after` {
  /// A check takes half a second, so what is silent or stands still for 1.5 s is ended.
  private func begin(_ stage: Stage, policy: String = "restart_gang", check: Double = 0.5) async throws {
    try await stage.start()
    try await stage.apply(stage.manifest(policy: policy, check: check))
    try await stage.untilHealthy()
  }

  private func pid(_ replica: String, _ stage: Stage) throws -> Int32 {
    let all = try #require(stage.status).deployments.flatMap(\.replicas)
    return try #require(all.first { $0.id == replica }?.pid.value)
  }

  private func epochs(_ status: ApplicationStatus?) -> [Int?] {
    status?.deployments[0].replicas.map(\.epoch) ?? []
  }

  private func told(_ reason: String, _ stage: Stage) -> [String] {
    stage.events.filter { $0.reason == reason }.map(\.message)
  }

  @Test func `is ended when it gives no sign of life, and its gang starts again`() async throws {
    try await onStage { stage in
      try await begin(stage)
      kill(try pid("dp1", stage), SIGSTOP)
      try await stage.until("unhealthy") { $0?.deployments[0].status == .unhealthy }
      try await stage.until("in epoch 2") { stage.isHealthy($0) && epochs($0) == [2, 2] }
      let stalled = told("GroupStalled", stage)
      #expect(stalled.count == 1 && stalled[0].hasPrefix("dp1 gave no sign of life for "), "\(stalled)")
      #expect(told("RankDied", stage) == [], "who was ended is no culprit")
    }
  }

  @Test func `is ended when it has requests and makes no step, though its heart beats`() async throws {
    try await onStage { stage in
      try await begin(stage, policy: "recover")
      let victim = try pid("dp1", stage)
      kill(victim, SIGUSR1)
      let socket = RunDirectory(home: stage.home, application: "demo").rankSocket(
        RankPlace(group: 0, rank: 1, epoch: 1))
      let client = HTTPClient(.unix(path: socket))
      let answer = try await client.send(
        "POST", head: HeadWriter(method: "POST", target: "/v1/completions", host: "localhost"),
        body: Array(#"{"stream":true}"#.utf8), until: .after(.seconds(10)))
      try await stage.until("with another dp1") { stage.isHealthy($0) && epochs($0) == [1, 2] }
      answer.cancel()
      let stalled = told("GroupStalled", stage)
      #expect(stalled.count == 1 && stalled[0].hasPrefix("dp1 made no step for "), "\(stalled)")
      let died = told("RankDied", stage)
      #expect(died.count == 1 && died[0].hasPrefix("dp1 made no step for "), "\(died)")
    }
  }

  @Test func `is the culprit when another one gives up on it`() async throws {
    try await onStage { stage in
      try await begin(stage, check: 60)
      kill(try pid("dp0", stage), SIGUSR2)
      try await stage.until("in epoch 2") { stage.isHealthy($0) && epochs($0) == [2, 2] }
      let stalled = told("GroupStalled", stage)
      #expect(stalled.count == 1 && stalled[0].hasPrefix("dp1 made no step for "), "\(stalled)")
      #expect(told("RankDied", stage) == [], "the one that gave up is collateral")
    }
  }

  @Test func `is replaced, an ingress replica that stands still`() async throws {
    try await onStage { stage in
      try await begin(stage)
      let victim = try pid("ingress-1", stage)
      kill(victim, SIGSTOP)
      try await stage.until("unhealthy") {
        $0?.deployments.last?.status == .unhealthy
          && $0?.message.contains("ingress-1 gives no sign of life") == true
      }
      try await stage.until("healthy with another replica") {
        stage.isHealthy($0) && $0?.pids(.ingress).contains(victim) == false && $0?.pids(.ingress).count == 2
      }
      let died = told("IngressDied", stage)
      #expect(died.count == 1 && died[0].hasPrefix("ingress-1 gave no sign of life for "), "\(died)")
    }
  }
}
