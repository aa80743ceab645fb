import ControlAPI
import Platform
import Testing

extension `Whole deployments` {
  @Suite @Loop struct `A rolling restart` {
    @Test func `gives every process a successor and fails no request`() async throws {
      try await onStage { stage in
        let before = try await stage.deploy(try stage.quickstart())
        let load = SteadyLoad(users: 3, of: try Questioner(before))
        for (only, role) in [("ingress", ReplicaRole.ingress), ("ranks", .rank)] {
          try await load.more(4)
          let restart = try await stage.dpdeploy(
            "rollout", "restart", "quickstart", "--only", only, "--wait", "--timeout", "60s",
            within: .seconds(90))
          try #require(restart.ended(with: 0), "\(restart)")
          let after = try #require(try await stage.application())
          #expect(after.pids(role).isDisjoint(with: before.pids(role)) && after.pids(role).count == 2)
        }
        try await load.more(8)
        await load.stop()
        #expect(load.failures == [])
        _ = try await stage.dpdeploy("rollout", "pause", "quickstart")
        let refused = try await stage.dpdeploy("rollout", "restart", "quickstart")
        #expect(refused.ended(with: 9) && refused.errors.contains("rollout resume"), "\(refused)")
        let wrong = try await stage.dpdeploy("rollout", "restart", "quickstart", "--only", "all")
        #expect(wrong.ended(with: 2), "\(wrong)")
      }
    }
  }
}
