import ControlAPI
import Glibc
import HTTP
import Platform
import Supervision
import Testing

@testable import Controller

@Suite(.serialized) struct `A controller` {
  @Test func `makes an application healthy and serves at the port that it tells`() async throws {
    try await onStage { stage in
      try await stage.start()
      let result = try await stage.apply(stage.manifest())
      #expect(result.outcome == .created && result.revision == 1)
      try await stage.untilHealthy()
      let endpoint = try #require(stage.status?.endpoint.value.flatMap(Endpoint.init))
      let answer = try await HTTPClient(endpoint).request(
        "POST", "/v1/completions", body: [], until: .after(.seconds(10)))
      #expect(answer.status == 200)
      #expect(stage.living("rank").count == 2 && stage.living("ingress").count == 2)
      #expect(stage.reasons.contains("GroupRunning"))
    }
  }

  @Test func `restarts the whole group once when a rank is killed, and tells who`() async throws {
    try await onStage { stage in
      try await stage.start()
      try await stage.apply(stage.manifest(ranks: 3))
      try await stage.untilHealthy()
      let ranks = try #require(stage.status?.deployments[0].replicas)
      kill(try #require(ranks[1].pid.value), SIGKILL)
      try await stage.until("in epoch 2") {
        stage.isHealthy($0) && $0?.deployments[0].replicas.allSatisfy { $0.epoch == 2 } == true
      }
      let died = stage.events.filter { $0.reason == "RankDied" }
      #expect(died.map(\.replica) == ["dp1"])
      #expect(died.first?.message.contains("signal 9 (SIGKILL)") == true)
      #expect(stage.living("rank").count == 3)
    }
  }

  @Test func `replaces a killed rank alone where the group outlives it`() async throws {
    try await onStage { stage in
      try await stage.start()
      try await stage.apply(stage.manifest(ranks: 3, policy: "recover"))
      try await stage.untilHealthy()
      let before = try #require(stage.status?.deployments[0].replicas)
      kill(try #require(before[1].pid.value), SIGKILL)
      try await stage.until("healthy with a new dp1") {
        stage.isHealthy($0) && $0?.deployments[0].replicas.map(\.epoch) == [1, 2, 1]
      }
      let after = try #require(stage.status?.deployments[0].replicas)
      #expect([0, 2].allSatisfy { after[$0].pid == before[$0].pid })
      #expect(after.map(\.restarts) == [0, 1, 0])
      #expect(stage.reasons.contains("RankDied") && stage.reasons.contains("RankRunning"))
      #expect(stage.living("rank").count == 3)
    }
  }

  @Test func `gives up at once on a configuration error, with its words`() async throws {
    try await onStage { stage in
      try await stage.start()
      try await stage.apply(stage.manifest(fake: "exit78:0"))
      try await stage.until("failed") { $0?.status == .deployFailed }
      #expect(stage.status?.message.contains("dpfake: error: no such model") == true)
      #expect(stage.events.count { $0.reason == "GroupStarting" } == 1)
      #expect(stage.living("rank").isEmpty)
    }
  }

  @Test func `starts ingress replicas and takes them away without touching the ranks`() async throws {
    try await onStage { stage in
      try await stage.start()
      try await stage.apply(stage.manifest(ingress: 1))
      try await stage.untilHealthy()
      let ranks = stage.living("rank")
      let result = try await stage.apply(stage.manifest(ingress: 3))
      #expect(result.outcome == .updated && result.revision == 2)
      try await stage.until("three") { stage.isHealthy($0) && $0?.deployments[2].replicas.count == 3 }
      try await stage.apply(stage.manifest(ingress: 1))
      try await stage.until("one") { stage.isHealthy($0) && $0?.deployments[2].replicas.count == 1 }
      #expect(stage.living("rank") == ranks)
    }
  }

  @Test func `keeps the remaining ingress replicas when a large count becomes a small one`() async throws {
    try await onStage { stage in
      try await stage.start()
      try await stage.apply(stage.manifest(ingress: 12))
      try await stage.untilHealthy()
      let first = try #require(stage.status?.deployments[2].replicas.first?.pid)
      try await stage.apply(stage.manifest(ingress: 1))
      try await stage.until("one") { stage.isHealthy($0) && $0?.deployments[2].replicas.count == 1 }
      #expect(stage.status?.deployments[2].replicas.first?.pid == first)
      #expect(!stage.reasons.contains("IngressDied"))
    }
  }

  @Test func `restarts the selected replica: a rank with its group, an ingress replica alone`() async throws {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest())
      try await stage.untilHealthy()
      let ingress = stage.living("ingress")
      try controller.restart("dp1", of: "demo")
      try await stage.until("in epoch 2") {
        stage.isHealthy($0)
          && $0?.deployments[0].replicas.allSatisfy { $0.epoch == 2 && $0.restarts == 0 } == true
      }
      #expect(stage.living("ingress") == ingress)
      let ranks = stage.living("rank")
      try controller.restart("ingress-0", of: "demo")
      try await stage.until("replaced") { stage.isHealthy($0) && stage.living("ingress") != ingress }
      #expect(stage.living("rank") == ranks)
      #expect(throws: ControlError.self) { try controller.restart("dp9", of: "demo") }
    }
  }

  @Test func `gives pages of logs that follow a rank into its next life`() async throws {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest(fake: "crash:0"))
      try await stage.until("tried again") { _ in stage.events.count { $0.reason == "GroupStarting" } >= 2 }
      try await stage.until("written") { _ in
        (try? controller.logs(of: "demo", LogQuery(replica: "dp0", tail: 10)))?.lines.isEmpty == false
      }
      let page = try controller.logs(of: "demo", LogQuery(replica: "dp0", tail: 10))
      #expect(page.lines.allSatisfy { $0.replica == "dp0" && $0.text == "dpfake: error: out of luck" })
      let before = try #require(page.lines.last?.epoch)
      try await stage.until("in a later life") { _ in
        let next = try? controller.logs(of: "demo", LogQuery(replica: "dp0", tail: 0, cursor: page.cursor))
        return next?.lines.contains { ($0.epoch ?? 0) > before } == true
      }
      try await controller.delete("demo")
    }
  }

  @Test func `does nothing for an unchanged manifest and recreates the group for a changed engine`()
    async throws
  {
    try await onStage { stage in
      try await stage.start()
      try await stage.apply(stage.manifest())
      try await stage.untilHealthy()
      let before = stage.living()
      #expect(try await stage.apply(stage.manifest()).outcome == .unchanged)
      #expect(stage.living() == before)
      let result = try await stage.apply(stage.manifest(maxNumSeqs: 16))
      #expect(
        result.changes.contains { $0.path.hasSuffix("max_num_seqs") && $0.before == "8" && $0.after == "16" })
      try await stage.until("recreated") {
        stage.isHealthy($0) && $0?.deployments[0].replicas.allSatisfy { $0.epoch == 2 } == true
      }
      #expect(Set(stage.living("ingress")).isSubset(of: before))
    }
  }

  @Test func `leaves nothing behind after a delete, whatever its ranks forked`() async throws {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest(fake: "fork"))
      try await stage.untilHealthy()
      #expect(stage.living().count == 6)
      try await controller.delete("demo")
      try await stage.until("gone") { $0 == nil }
      #expect(stage.living().isEmpty)
      #expect(access(stage.home.run(of: "demo"), F_OK) != 0)
      await #expect(throws: ControlError.self) { try await controller.delete("demo") }
    }
  }

  @Test func `refuses a taken port by its holder's name and starts nothing`() async throws {
    try await onStage { stage in
      try await stage.start()
      let socket = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
      let port = Int(Listener.port(of: socket) ?? 0)
      let text = stage.manifest(port: port)
      let error = await #expect(throws: ControlError.self) { try await stage.apply(text) }
      #expect(error?.code == "port-in-use")
      #expect(error?.message.contains("process \(getpid())") == true)
      #expect(stage.status == nil && stage.living().isEmpty)
      _ = consume socket
    }
  }

  @Test func `refuses what does not fit, what is no manifest and what has no model`() async throws {
    try await onStage { stage in
      try await stage.start()
      let cases = [
        ("name: 7\nunknown: key", 3),
        (stage.manifest().replacing("model_source: toy", with: "model_source: nix"), 3),
      ]
      for (text, code) in cases {
        let error = await #expect(throws: ControlError.self) { try await stage.apply(text) }
        #expect(error?.exitCode == Int32(code))
      }
      #expect(stage.living().isEmpty)
    }
  }

  @Test func `sums up what clients saw, true from the first second`() async throws {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest())
      try await stage.untilHealthy()
      let client = HTTPClient(try #require(stage.status?.endpoint.value.flatMap(Endpoint.init)))
      for _ in 0..<20 { _ = try await client.request("POST", "/", body: [], until: .after(.seconds(10))) }
      try await stage.until("counted") { ($0?.metrics.ttftSeconds.count ?? 0) == 20 }
      let metrics = try #require(stage.status?.metrics)
      #expect(abs((metrics.ttftSeconds.p50.value ?? 0) - 0.02) < 0.0003)
      #expect(abs((metrics.tpotSeconds.mean.value ?? 0) - 0.005) < 0.0001)
      let points = try #require(controller.snapshot(since: 0, over: 10).history["demo"])
      let requests = points.compactMap(\.requestsPerSecond).reduce(0, +)
      let tokens = points.compactMap(\.generationTokensPerSecond).reduce(0, +)
      #expect(abs(tokens - 10 * requests) < 1e-6)
      #expect(requests > 15 && requests < 30)
    }
  }
}
