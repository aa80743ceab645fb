import ControlAPI
import Glibc
import Platform
import Testing

extension `Whole deployments` {
  /// The controller is no part of serving, and its successor is no reason to start anything again.
  @Suite @Loop struct `A death of the controller` {
    @Test func `under a running stream breaks nothing, and the next one takes everything over`() async throws
    {
      try await onStage { stage in
        let before = try await stage.deploy(try stage.quickstart())
        let endpoint = try Questioner(before).endpoint
        let undisturbed = try await streamedText(from: beginStream(endpoint)) {}
        let load = SteadyLoad(users: 2, of: try Questioner(before))
        let disturbed = try await streamedText(from: beginStream(endpoint)) {
          try await killController(of: stage)
          _ = try await stage.dpdeploy("daemon", "start")
        }
        #expect(disturbed == undisturbed && disturbed.count > 200)
        let after = try await wait(for: "HEALTHY under the next controller") {
          try await stage.application().flatMap { $0.isHealthy ? $0 : nil }
        }
        try await load.more(8)
        await load.stop()
        #expect(load.failures == [])
        #expect(after.pids(.rank) == before.pids(.rank) && after.pids(.ingress) == before.pids(.ingress))
        #expect(after.epochs == before.epochs && after.endpoint == before.endpoint)
        let population = Population(of: stage.home)
        #expect(population.ranks == before.pids(.rank) && population.ingress == before.pids(.ingress))
      }
    }

    @Test func `leaves a rank that dies afterwards to be replaced into the same group`() async throws {
      try await onStage { stage in
        let before = try await stage.deploy(try stage.quickstart())
        try await killController(of: stage)
        _ = try await stage.dpdeploy("daemon", "start")
        kill(try #require(before.pids(.rank).max()), SIGKILL)
        let after = try await stage.untilHealthy(after: before.epochs)
        #expect(after.pids(.rank).intersection(before.pids(.rank)).count == 1)
        let questioner = try Questioner(after)
        #expect(await questioner.ask() == nil)
      }
    }

    @Test func `at any instant of a rollout loses no apply, no process and no request`() async throws {
      try await onStage { stage in
        let first = try await stage.deploy(try stage.quickstart())
        let load = SteadyLoad(users: 2, of: try Questioner(first))
        var random = SystemRandomNumberGenerator()
        for round in 2...6 {
          let change = ("max_num_seqs: 64", "max_num_seqs: \(round.isMultiple(of: 2) ? 32 : 64)")
          let apply = try await stage.dpdeploy("apply", try stage.quickstart([change]))
          try #require(apply.ended(with: 0), "\(apply)")
          // Not a wait for anything: the instant is what is tried.
          await Loop.sleep(for: .milliseconds(Int.random(in: 0...400, using: &random)))
          try await killController(of: stage)
          _ = try await stage.dpdeploy("daemon", "start")
          let now = try #require(try await stage.application())
          #expect(now.revision == round)
          #expect(Population(of: stage.home).ingress == first.pids(.ingress))
          #expect(Population(of: stage.home).ranks.count <= 2)
        }
        let last = try await wait(for: "HEALTHY under the last controller") {
          try await stage.application().flatMap { $0.isHealthy ? $0 : nil }
        }
        try await load.more(8)
        await load.stop()
        #expect(load.failures == [])
        #expect(Population(of: stage.home).ranks == last.pids(.rank))
      }
    }

    private func killController(of stage: Stage) async throws {
      let status = try await stage.look().status
      let pid = try #require(status.controller.pid)
      kill(pid, SIGKILL)
      try await stage.untilEnded([pid])
    }
  }
}
