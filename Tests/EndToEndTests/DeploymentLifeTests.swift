import ControlAPI
import Glibc
import Platform
import Testing

extension `Whole deployments` {
  /// One story, told in the order in which an operator may live through it.
  @Suite @Loop struct `The quickstart deployment` {
    @Test(.needsOpenAIClient)
    func `becomes HEALTHY, serves, heals, outlives its controller and leaves nothing behind`() async throws {
      try await onStage { stage in
        let first = try await isLaunched(stage)
        try await isServed(first, stage)
        let second = try await healsAfterTheDeathOfARank(first, stage)
        let third = try await comesBackAfterTheDeathOfItsController(second, stage)
        try await leavesNothing(third, stage)
      }
    }

    private func isLaunched(_ stage: Stage) async throws -> ApplicationStatus {
      let path = try stage.quickstart()
      let apply = try await stage.dpdeploy("apply", path, "--wait", "--timeout", "60s", within: .seconds(90))
      #expect(apply.ended(with: 0) && apply.output.contains("quickstart is HEALTHY after"), "\(apply)")
      let (run, status) = try await stage.look("quickstart", "--check")
      #expect(run.ended(with: 0), "\(run)")
      let application = try #require(status.applications.first)
      expectNoDuplicates(application, stage)
      return application
    }

    /// The processes there are, by their environment, are those that the status tells, as many as were asked for.
    private func expectNoDuplicates(_ application: ApplicationStatus, _ stage: Stage) {
      let population = Population(of: stage.home)
      #expect(population.ranks.count == 2 && population.ranks == application.pids(.rank))
      #expect(population.ingress.count == 2 && population.ingress == application.pids(.ingress))
    }

    private func isServed(_ application: ApplicationStatus, _ stage: Stage) async throws {
      let python = try #require(Tools.python)
      let endpoint = try #require(application.endpoint.value)
      for client in ["client.py", "litellm_client.py", "vllm_bench.py"] {
        let run = try await stage.run(
          python, [Tools.tests + "/" + client, endpoint, application.modelId], within: .seconds(60))
        #expect(run.ended(with: 0), "\(run)")
      }
      let ask = try await stage.dpdeploy("ask", "What is TTFT?")
      #expect(ask.ended(with: 0) && ask.output.contains("time to first token"), "\(ask)")
    }

    private func healsAfterTheDeathOfARank(
      _ before: ApplicationStatus, _ stage: Stage
    ) async throws -> ApplicationStatus {
      let victim = try #require(before.replicas(.rank).first { $0.id == "dp1" }?.pid.value)
      kill(victim, SIGKILL)
      let after = try await stage.untilHealthy(after: before.epochs)
      // The other rank went on.
      #expect(after.pids(.rank).intersection(before.pids(.rank)) == before.pids(.rank).subtracting([victim]))
      #expect(after.pids(.ingress) == before.pids(.ingress))
      #expect(after.replicas(.rank).map(\.restarts) == [0, 1])
      expectNoDuplicates(after, stage)
      #expect(try await Questioner(after).ask() == nil)
      let events = try await stage.dpdeploy("events", "quickstart")
      let deaths = events.output.split(separator: "\n").filter { $0.contains("RankDied") }
      #expect(deaths.count == 1 && deaths[0].contains("dp1 ended (signal 9 (SIGKILL))"), "\(events)")
      return after
    }

    private func comesBackAfterTheDeathOfItsController(
      _ before: ApplicationStatus, _ stage: Stage
    ) async throws -> ApplicationStatus {
      let controller = try #require(try await stage.look().status.controller.pid)
      kill(controller, SIGKILL)
      try await stage.untilEnded([controller])
      let (run, status) = try await stage.look()
      #expect(run.ended(with: 5) && status.controller.status == "UNREACHABLE", "\(run)")
      #expect(try await Questioner(before).ask() == nil, "a dead controller must stop no request")
      let start = try await stage.dpdeploy("daemon", "start")
      #expect(start.ended(with: 0), "\(start)")
      let after = try await wait(for: "HEALTHY under the next controller") {
        try await stage.application().flatMap { $0.isHealthy ? $0 : nil }
      }
      expectNoDuplicates(after, stage)
      #expect(after.pids(.rank) == before.pids(.rank) && after.pids(.ingress) == before.pids(.ingress))
      #expect(after.endpoint == before.endpoint)
      #expect(try await Questioner(after).ask() == nil)
      return after
    }

    private func leavesNothing(_ application: ApplicationStatus, _ stage: Stage) async throws {
      let delete = try await stage.dpdeploy("delete", "quickstart", "--yes")
      #expect(delete.ended(with: 0) && delete.output == "quickstart deleted\n", "\(delete)")
      let controller = try #require(try await stage.look().status.controller.pid)
      let population = Population(of: stage.home)
      #expect(population.all == [controller], "\(population)")
      #expect(Remains.runFiles(of: stage.home) == [])
      try await wait(for: "the end of shared memory", detail: { "\(Remains.segments(of: controller))" }) {
        Remains.segments(of: controller).isEmpty ? () : nil
      }
      #expect(try await Questioner(application).ask()?.contains("Connection refused") == true)
      #expect(try await stage.application() == nil)
    }
  }
}
