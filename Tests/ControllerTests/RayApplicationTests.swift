import ControlAPI
import JSON
import Platform
import Testing

@testable import Controller

/// Gives `body` a stage whose manifest runs on a cluster, and cleans up after it.
@Loop
private func onCluster(_ body: @Loop (Stage, FakeCluster) async throws -> Void) async throws {
  let cluster = try FakeCluster()
  try await onStage { stage in
    try await stage.start()
    try await body(stage, cluster)
  }
  await cluster.close()
}

extension FakeCluster {
  /// Groups of eight ranks of vLLM, four on a node.
  fileprivate func manifest(seqs: Int = 8, groups: Int = 1) -> String {
    """
    apiVersion: dpdeploy/v1
    name: demo
    engine: vllm
    backend: ray
    cluster: {address: "127.0.0.1:\(port)"}
    llm_config:
      model_loading_config: {model_id: m, model_source: org/m}
      engine_kwargs: {data_parallel_size: 8, max_num_seqs: \(seqs)}
      experimental_configs: {dp_size_per_node: 4}
      deployment_config: {num_replicas: \(groups)}
    rollout: {healthy_deadline_s: 60}
    """
  }

  fileprivate func page(tokens: Int, running: Int, waiting: Int) -> String {
    (0..<8).map { rank in
      let labels = #"ReplicaId="r0x\#(rank)",WorkerId="w\#(rank)",engine="0",model_name="m""#
      return """
        ray_vllm_generation_tokens_total{\(labels)} \(tokens)
        ray_vllm_num_requests_running{\(labels)} \(running)
        ray_vllm_num_requests_waiting{\(labels)} \(waiting)
        ray_vllm_kv_cache_usage_perc{\(labels)} 0.25

        """
    }.joined()
  }
}

@Suite(.serialized, .timeLimit(.minutes(2))) @Loop struct `An application on a Ray cluster` {
  @Test func `is applied, changed, scaled and deleted, and all others stay as they were`() async throws {
    try await onCluster { stage, cluster in
      try cluster.add("other")
      let applied = try await stage.apply(cluster.manifest())
      #expect(applied.outcome == .created && cluster.names == ["other", "demo"])
      try await stage.untilHealthy()
      let ranks = stage.status?.deployments[0].replicas ?? []
      #expect(ranks.map(\.id) == (0..<8).map { "dp\($0)" })
      #expect(ranks.map(\.node) == "AAAABBBB".map { "10.0.0.\($0)" })
      let controller = try #require(stage.controller)
      let plan = try await controller.plan(stage.request(cluster.manifest(seqs: 9)))
      #expect(plan.outcome == .updated && plan.steps.contains { $0.contains("every replica restarts") })
      #expect(cluster.declarations.count == 1, "a plan declares nothing")
      #expect(try await stage.apply(cluster.manifest()).outcome == .unchanged)
      #expect(try await stage.apply(cluster.manifest(seqs: 9)).outcome == .updated)
      try await stage.untilHealthy()
      _ = try await controller.scale(ScaleRequest(replicas: 2), of: "demo")
      try await stage.until("16 ranks, HEALTHY") {
        stage.isHealthy($0) && $0?.deployments[0].replicas.count == 16
      }
      #expect(stage.status?.deployments[0].replicas.contains { $0.id == "g1-dp7" } == true)
      try await controller.delete("demo")
      try await stage.until("gone") { $0 == nil }
      #expect(
        cluster.names == ["other"] && cluster.configs[0].text == #"{"name":"other","import_path":"x:y"}"#)
    }
  }

  @Test func `that somebody changed there is not overwritten unasked`() async throws {
    try await onCluster { stage, cluster in
      try await stage.apply(cluster.manifest())
      try await stage.untilHealthy()
      try cluster.change("demo") { $0.replacing(#""max_num_seqs":8"#, with: #""max_num_seqs":64"#) }
      try await stage.until("told") { $0?.message.contains("--overwrite") == true }
      let path = "args.llm_config.engine_kwargs.max_num_seqs"
      #expect(stage.status?.message.contains(path) == true)
      let plan = try await #require(stage.controller).plan(stage.request(cluster.manifest(seqs: 9)))
      #expect(plan.steps.contains { $0.contains(path) && $0.contains("refuses") })
      for manifest in [cluster.manifest(), cluster.manifest(seqs: 9)] {
        let refusal = await #expect(throws: ControlError.self) { try await stage.apply(manifest) }
        #expect(refusal?.exitCode == 9 && refusal?.code == "drift")
        #expect(refusal?.message.contains(path) == true, "\(String(describing: refusal))")
      }
      #expect(cluster.declarations.count == 1)
      var wish = stage.request(cluster.manifest(seqs: 9))
      wish.overwrite = true
      _ = try await stage.controller?.apply(wish)
      try await stage.untilHealthy()
      #expect(cluster.configs[0].text.contains(#""max_num_seqs":9"#) && cluster.declarations.count == 2)
    }
  }

  @Test func `whose update fails gets the last healthy revision back`() async throws {
    try await onCluster { stage, cluster in
      cluster.state = { config in
        config.text.contains(#""max_num_seqs":13"#)
          ? ("DEPLOY_FAILED", "DEPLOY_FAILED", "no such number") : ("RUNNING", "HEALTHY", "")
      }
      try await stage.apply(cluster.manifest())
      try await stage.untilHealthy()
      // Nobody has room for a further group meanwhile: what was healthy comes back all the same.
      cluster.taken = 0
      try await stage.apply(cluster.manifest(seqs: 13))
      cluster.taken = 8
      try await stage.until("brought back") { stage.isHealthy($0) && $0?.rolledBack != nil }
      #expect(stage.status?.rolledBack?.from == 2 && stage.status?.rolledBack?.to == 1)
      #expect(stage.status?.rolledBack?.reason.contains("no such number") == true)
      #expect(stage.status?.revision == 3 && stage.reasons.contains("RolledBack"))
      #expect(cluster.configs[0].text.contains(#""max_num_seqs":8"#))
    }
  }

  @Test(arguments: ["AAABBBBB", "ABABABAB", "AAAAAAAA"])
  func `is never HEALTHY where its ranks stand otherwise than the manifest has it`(_ nodes: String)
    async throws
  {
    try await onCluster { stage, cluster in
      cluster.nodesOfRanks = nodes
      try await stage.apply(cluster.manifest())
      try await stage.until("failed") { $0?.status == .deployFailed }
      #expect(stage.status?.message.hasPrefix("dp_size_per_node is 4, but Ray put") == true)
      #expect(stage.reasons.contains("PlacementViolated"))
    }
  }

  @Test func `that waits for room says why within two seconds`() async throws {
    try await onCluster { stage, cluster in
      cluster.isWaiting = true
      cluster.state = { _ in ("DEPLOYING", "UPDATING", "") }
      try await stage.apply(cluster.manifest())
      try await stage.until("told why", within: .seconds(2)) {
        $0?.deployments.first?.message.hasPrefix("a placement group waits (NO_RESOURCES, 3 tries)") == true
      }
      cluster.isWaiting = false
      cluster.state = { _ in ("RUNNING", "HEALTHY", "") }
      try await stage.untilHealthy()
    }
  }

  @Test func `for which others leave no room is refused, and its own room counts as free`() async throws {
    try await onCluster { stage, cluster in
      cluster.taken = 5
      let refusal = await #expect(throws: ControlError.self) { try await stage.apply(cluster.manifest()) }
      #expect(refusal?.exitCode == 4 && refusal?.message.contains("(GPU: 3 free) has room for 0") == true)
      #expect(cluster.declarations.isEmpty && stage.status == nil)
      cluster.taken = 4
      try await stage.apply(cluster.manifest())
      try await stage.untilHealthy()
      #expect(try await stage.apply(cluster.manifest(seqs: 9)).outcome == .updated)
      let more = await #expect(throws: ControlError.self) {
        try await stage.controller?.scale(ScaleRequest(replicas: 2), of: "demo")
      }
      #expect(more?.exitCode == 4)
    }
  }

  @Test func `shows what its engines' pages tell, warns of it, and keeps it`() async throws {
    try await onCluster { stage, cluster in
      cluster.metrics = cluster.page(tokens: 100, running: 8, waiting: 2)
      try await stage.apply(cluster.manifest())
      try await stage.until("read") { $0?.metrics.running == .known(64) }
      let rank = try #require(stage.status?.deployments[0].replicas.last)
      #expect(rank.running == .known(8) && rank.waiting == .known(2) && rank.kvUsageRatio == .known(0.25))
      #expect(rank.generationTokensPerSecond == .unknown && rank.gpuUtilizationRatio == .unknown)
      cluster.metrics = cluster.page(tokens: 600, running: 8, waiting: 2)
      try await stage.until("a rate") { $0?.metrics.generationTokensPerSecond.value ?? 0 > 0 }
      try await stage.until("a hint") { $0?.hints.contains { $0.id == "H05" } == true }
      let controller = try #require(stage.controller)
      #expect(controller.snapshot(since: 0, over: 10).history["demo"]?.last?.running == 64)
      #expect(try controller.insight(of: "demo", over: 10).latency.windowSeconds == 30)
      let past = try await controller.history(of: "demo", HistoryQuery(since: 120, step: 1, rank: 7))
      #expect(past.steps.contains { $0[.generationTokensPerSecond] ?? 0 > 0 && $0[.running] == 8 })
    }
  }

  @Test func `of a cluster that is gone is UNHEALTHY, with one hint and nothing known`() async throws {
    let cluster = try FakeCluster()
    try await onStage { stage in
      try await stage.start()
      try await stage.apply(cluster.manifest())
      try await stage.untilHealthy()
      await cluster.close()
      try await stage.until("lost") { $0?.status == .unhealthy && $0?.hints.isEmpty == false }
      #expect(stage.status?.hints.map(\.id) == ["H15"] && stage.status?.metrics.running == .unknown)
      #expect(stage.status?.message.contains("no Ray cluster answers") == true)
    }
  }
}
