import ControlAPI
import Platform
import Testing

extension `Whole deployments` {
  @Suite @Loop struct `A drain of a replica` {
    @Test func `sends its requests elsewhere without a failure, and an uncordon brings them back`()
      async throws
    {
      try await onStage { stage in
        let before = try await stage.deploy(try stage.quickstart())
        let load = SteadyLoad(users: 6, of: try Questioner(before))
        try await load.more(6)
        for id in ["dp1", "ingress-0"] {
          let drain = try await stage.dpdeploy("drain", "quickstart", id, "--timeout", "30s")
          #expect(drain.ended(with: 0), "\(drain)")
          try await load.more(20)
          let replica = try #require(try await replica(id, stage))
          #expect(replica.state == .drained && replica.running.value == 0, "\(replica)")
          let back = try await stage.dpdeploy("uncordon", "quickstart", id)
          #expect(back.ended(with: 0) && back.output == "quickstart: nothing is cordoned\n", "\(back)")
        }
        try await wait(for: "requests at dp1 again") {
          try await replica("dp1", stage).flatMap { ($0.running.value ?? 0) > 0 ? () : nil }
        }
        await load.stop()
        #expect(load.failures == [])
        let after = try #require(try await stage.application())
        #expect(after.pids(.rank) == before.pids(.rank) && after.pids(.ingress) == before.pids(.ingress))
        let last = try await stage.dpdeploy("drain", "quickstart", "dp0", "dp1")
        #expect(last.ended(with: 9) && last.errors.contains("--force"), "\(last)")
        let stranger = try await stage.dpdeploy("cordon", "quickstart", "dp9")
        #expect(stranger.ended(with: 1) && stranger.output == "", "\(stranger)")
      }
    }

    private func replica(_ id: String, _ stage: Stage) async throws -> ReplicaStatus? {
      try await stage.application()?.deployments.flatMap(\.replicas).first { $0.id == id }
    }
  }
}
