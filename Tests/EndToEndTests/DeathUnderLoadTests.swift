import ControlAPI
import Glibc
import HTTP
import Platform
import Testing

extension `Whole deployments` {
  /// Clients need not know that something died, unless half of their answer is with them already.
  @Suite @Loop struct `A death under load` {
    @Test func `of a rank fails no answer that has not begun`() async throws {
      try await onStage { stage in
        let before = try await stage.deploy(try stage.quickstart())
        let load = SteadyLoad(users: 4, of: try Questioner(before))
        try await load.more(8)
        try killRank(of: before)
        let after = try await stage.untilHealthy(after: before.epochs)
        try await load.more(8)
        await load.stop()
        #expect(load.failures == [])
        #expect(after.pids(.ingress) == before.pids(.ingress))
      }
    }

    @Test func `of half of the ranks fails none of 32 users`() async throws {
      try await onStage { stage in
        let before = try await stage.deploy(
          try stage.quickstart([("data_parallel_size: 2", "data_parallel_size: 4")]))
        let load = SteadyLoad(users: 32, of: try Questioner(before))
        try await load.more(32)
        for pid in before.pids(.rank).sorted().prefix(2) { kill(pid, SIGKILL) }
        try await load.more(64)
        _ = try await stage.untilHealthy(after: before.epochs)
        try await load.more(32)
        await load.stop()
        #expect(load.failures == [])
      }
    }

    @Test func `of all ranks is told with a time to come back, and mended without a restart`() async throws {
      try await onStage { stage in
        let before = try await stage.deploy(
          try stage.quickstart([("ingress:\n", "ingress:\n  max_outage_wait_s: 0\n")]))
        for pid in before.pids(.rank) { kill(pid, SIGKILL) }
        let questioner = try Questioner(before)
        let body = Array(#"{"model":"operator-moe","prompt":"a","max_tokens":1}"#.utf8)
        // Ranks come back within a moment, so nobody knows how many of these find none.
        for _ in 0..<20 {
          let answer = try await HTTPClient(questioner.endpoint).send(
            "POST", head: HeadWriter(method: "POST", target: "/v1/completions", host: "localhost"),
            body: body,
            until: .after(.seconds(5)))
          let isTold = answer.head.status == 503 && answer.head["retry-after"] == "1"
          #expect(isTold || answer.head.status == 200, "\(answer.head.status)")
          answer.cancel()
        }
        let after = try await stage.untilHealthy(after: before.epochs)
        #expect(await questioner.ask() == nil)
        #expect(after.pids(.ingress) == before.pids(.ingress))
      }
    }

    @Test func `by an upgrade of the ingress cuts no stream and refuses nobody`() async throws {
      try await onStage { stage in
        let before = try await stage.deploy(try stage.quickstart())
        let questioner = try Questioner(before)
        let load = SteadyLoad(users: 8, of: questioner)
        let undisturbed = try await streamedText(from: beginStream(questioner.endpoint)) {}
        let upgraded = try await streamedText(from: beginStream(questioner.endpoint)) {
          try await stage.deploy(try stage.quickstart([("ingress:\n", "ingress:\n  migration_limit: 5\n")]))
        }
        try await load.more(8)
        await load.stop()
        #expect(load.failures == [] && upgraded == undisturbed)
        let after = try #require(try await stage.application())
        #expect(after.pids(.ingress).isDisjoint(with: before.pids(.ingress)))
        #expect(after.pids(.rank) == before.pids(.rank))
      }
    }

    @Test func `of a rank leaves no trace in a stream that has begun`() async throws {
      try await onStage { stage in
        let application = try await stage.deploy(try stage.quickstart())
        let endpoint = try Questioner(application).endpoint
        let undisturbed = try await streamedText(from: beginStream(endpoint)) {}
        let disturbed = try await streamedText(from: beginStream(endpoint)) { try killRank(of: application) }
        #expect(disturbed == undisturbed && disturbed.count > 200)
        let after = try await stage.untilHealthy(after: application.epochs)
        #expect(after.pids(.rank).intersection(application.pids(.rank)).count == 1)
      }
    }

    @Test func `of an ingress replica refuses nobody and is made good`() async throws {
      try await onStage { stage in
        let before = try await stage.deploy(try stage.quickstart())
        let victim = try #require(before.pids(.ingress).min())
        kill(victim, SIGKILL)
        let load = SteadyLoad(users: 4, of: try Questioner(before))
        let after = try await wait(for: "another ingress replica") {
          let now = try #require(try await stage.application())
          return now.isHealthy && !now.pids(.ingress).contains(victim) ? now : nil
        }
        try await load.more(8)
        await load.stop()
        #expect(load.failures == [])
        #expect(after.pids(.ingress).intersection(before.pids(.ingress)).count == 1)
        #expect(after.pids(.rank) == before.pids(.rank))
      }
    }

    @Test func `of a rank that is only stopped is noticed, named and made good, and costs no token`()
      async throws
    {
      try await onStage { stage in
        let check = "deployment_config: {health_check_period_s: 1, health_check_timeout_s: 1}"
        let before = try await stage.deploy(
          try stage.quickstart([("llm_config:\n", "failure_policy: restart_gang\nllm_config:\n  \(check)\n")])
        )
        let endpoint = try Questioner(before).endpoint
        let undisturbed = try await streamedText(from: beginStream(endpoint)) {}
        let disturbed = try await streamedText(from: beginStream(endpoint)) {
          kill(try #require(before.replicas(.rank).first { $0.id == "dp1" }?.pid.value), SIGSTOP)
        }
        #expect(disturbed == undisturbed && disturbed.count > 200)
        let after = try await stage.untilHealthy(after: before.epochs)
        #expect(after.pids(.rank).isDisjoint(with: before.pids(.rank)))
        let events = try await stage.dpdeploy("events", "quickstart")
        #expect(events.output.contains("GroupStalled") && !events.output.contains("dp0 "), "\(events)")
      }
    }

    private func killRank(of application: ApplicationStatus) throws {
      kill(try #require(application.pids(.rank).max()), SIGKILL)
    }
  }
}
