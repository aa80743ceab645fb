import ControlAPI
import FoundationEssentials
import Glibc
import Platform
import Testing

extension `Whole deployments` {
  /// `engine: vllm` with a script that behaves as vLLM was seen to; `make test-vllm` does the same with vLLM itself.
  @Suite @Loop struct `A deployment of vLLM` {
    @Test
    func
      `becomes HEALTHY, restarts as a gang, ends a group that stands still, lets vLLM balance, leaves nothing`()
      async throws
    {
      try await onStage { stage in
        let first = try await stage.deploy(try manifest(stage))
        try await answers(first)
        let segments = try await segments(of: first)
        let second = try await restartsAsAGang(first, stage)
        #expect(!segments.contains { access($0, F_OK) == 0 }, "\(segments) are left")
        let third = try await endsAGroupThatStandsStill(second, stage)
        let fourth = try await seesAnEngineDieBehindItsServer(third, stage)
        let fifth = try await letsVLLMBalance(fourth, stage)
        try await leavesNothing(fifth, stage)
      }
    }

    private func manifest(_ stage: Stage, mode: String = "external", size: Int = 2) throws -> String {
      let path = stage.folder + "/vllm.yaml"
      let text = """
        name: quickstart
        engine: vllm
        llm_config:
          model_loading_config: {model_id: operator-moe, model_source: org/model}
          engine_kwargs: {data_parallel_size: \(size), max_num_seqs: 8, max_model_len: 1k, enable_expert_parallel: true}
          runtime_env: {env_vars: {VLLM_ALL2ALL_BACKEND: deepep_low_latency, STANDIN_CHARGE: \(stage.folder)}}
          deployment_config: {health_check_period_s: 0.3, health_check_timeout_s: 0.3}
          experimental_configs: {dp_size_per_node: 2}
        ingress: {port: 0}
        engine_options:
          {executable: \(Tools.tests)/vllm/vllm, version: "0.32.0", extra_args: [--enforce-eager], mode: \(mode)}
        """
      try Data(text.utf8).write(to: URL(filePath: path))
      return path
    }

    private func answers(_ application: ApplicationStatus) async throws {
      #expect(application.replicas(.rank).count == 2)
      let questioner = try Questioner(application)
      for _ in 0..<6 { #expect(await questioner.ask() == nil) }
    }

    private func segments(of application: ApplicationStatus) async throws -> [String] {
      let paths = application.pids(.rank).map { "/dev/shm/psm_standin\($0)" }
      #expect(paths.allSatisfy { access($0, F_OK) == 0 })
      return paths
    }

    private func restartsAsAGang(_ before: ApplicationStatus, _ stage: Stage) async throws
      -> ApplicationStatus
    {
      let servers = before.pids(.rank)
      let engines = Self.engines(of: servers)
      #expect(engines.count == 2)
      kill(try #require(before.replicas(.rank).first { $0.id == "dp1" }?.pid.value), SIGKILL)
      let after = try await stage.untilHealthy(after: before.epochs)
      #expect(after.pids(.rank).isDisjoint(with: servers) && after.pids(.ingress) == before.pids(.ingress))
      // The dead server's engine has no environment to be found by, and goes all the same.
      try await stage.untilEnded(servers.union(engines))
      try await answers(after)
      let events = try await stage.dpdeploy("events", "quickstart")
      #expect(events.output.contains("dp1 ended (signal 9 (SIGKILL))"), "\(events)")
      return after
    }

    private func endsAGroupThatStandsStill(_ before: ApplicationStatus, _ stage: Stage) async throws
      -> ApplicationStatus
    {
      let mark = stage.folder + "/still"
      try Data().write(to: URL(filePath: mark))
      async let answer = Questioner(before).ask()
      try await stage.untilEnded(before.pids(.rank))
      unlink(mark)
      let after = try await stage.untilHealthy(after: before.epochs)
      _ = try await answer
      let events = try await stage.dpdeploy("events", "quickstart")
      #expect(events.output.contains("while there was work for it"), "\(events)")
      return after
    }

    private func seesAnEngineDieBehindItsServer(_ before: ApplicationStatus, _ stage: Stage) async throws
      -> ApplicationStatus
    {
      let servers = before.pids(.rank)
      let engine = try #require(Self.engines(of: servers).first)
      let place = ProcessRecord.title(ofProcess: engine)?.last.map(String.init) ?? "?"
      kill(engine, SIGKILL)
      let after = try await stage.untilHealthy(after: before.epochs)
      try await stage.untilEnded(servers)
      let events = try await stage.dpdeploy("events", "quickstart")
      #expect(events.output.contains("dp\(place) lost its process VLLM::EngineCore_DP\(place)"), "\(events)")
      return after
    }

    /// One server for a group of two engines, and then one for each of two nodes.
    private func letsVLLMBalance(_ before: ApplicationStatus, _ stage: Stage) async throws
      -> ApplicationStatus
    {
      var last = before
      for (mode, size, servers) in [("internal", 2, 1), ("hybrid", 4, 2)] {
        let apply = try await stage.dpdeploy(
          "apply", try manifest(stage, mode: mode, size: size), "--wait", within: .seconds(60))
        #expect(apply.ended(with: 0), "\(apply)")
        let now = try #require(await stage.application())
        #expect(now.replicas(.rank).count == servers && now.pids(.rank).isDisjoint(with: last.pids(.rank)))
        let questioner = try Questioner(now)
        for _ in 0..<4 { #expect(await questioner.ask() == nil) }
        last = now
      }
      return last
    }

    private func leavesNothing(_ last: ApplicationStatus, _ stage: Stage) async throws {
      let pids = last.pids(.rank).union(Self.engines(of: last.pids(.rank)))
      let delete = try await stage.dpdeploy("delete", "quickstart", "--yes", within: .seconds(60))
      #expect(delete.ended(with: 0), "\(delete)")
      try await stage.untilEnded(pids)
      #expect(Remains.runFiles(of: stage.home).filter { $0.contains("quickstart") } == [])
      #expect(!last.pids(.rank).contains { access("/dev/shm/psm_standin\($0)", F_OK) == 0 })
    }

    /// The processes beside the servers in the sessions that these founded.
    private static func engines(of servers: Set<Int32>) -> Set<Int32> {
      Set(
        ProcessRecord.allPids().filter { pid in
          !servers.contains(pid) && ProcessRecord(pid: pid).map { servers.contains($0.session) } ?? false
        })
    }
  }
}
