import ControlAPI
import FoundationEssentials
import Platform
import Testing

extension `Whole deployments` {
  @Suite @Loop struct `A scale by hand` {
    @Test func `brings another group and takes it away, without a failed request`() async throws {
      try await onStage { stage in
        let one = try await stage.deploy(try stage.quickstart())
        let load = SteadyLoad(users: 3, of: try Questioner(one))
        let up = try await stage.dpdeploy(
          "scale", "quickstart", "--replicas", "2", "--json", "--wait", "--timeout", "60s",
          within: .seconds(90))
        try #require(up.ended(with: 0), "\(up)")
        let line =
          up.output.prefix { $0 != "\n" } == "{" ? up.output : String(up.output.prefix { $0 != "\n" })
        #expect(line.contains("\"outcome\""), "\(up)")
        let two = try #require(try await stage.application())
        #expect(two.replicas(.rank).map(\.id).contains("g1-dp0") && two.scale?.replicas == 2)
        #expect(two.pids(.rank).isSuperset(of: one.pids(.rank)) && two.pids(.ingress) == one.pids(.ingress))
        try await load.more(8)
        let down = try await stage.dpdeploy(
          "scale", "quickstart", "--reset", "--wait", "--timeout", "60s", within: .seconds(90))
        #expect(down.ended(with: 0), "\(down)")
        await load.stop()
        #expect(load.failures == [])
        let last = try #require(try await stage.application())
        #expect(last.pids(.rank) == one.pids(.rank) && last.scale == nil && last.revision == 3)
        for (words, code) in [
          (["scale", "nobody", "--ingress", "2"], 1), (["scale", "quickstart"], 2),
          (["scale", "quickstart", "--replicas", "65"], 2),
          (["scale", "quickstart", "--reset", "--ingress", "2"], 2),
        ] {
          let run = try await stage.run(Tools.path(of: "dpdeploy"), words)
          #expect(run.ended(with: Int32(code)) && run.output == "", "\(run)")
        }
      }
    }

    @Test func `happens by itself to groups when the load asks for it, without a failed request`()
      async throws
    {
      try await onStage { stage in
        let range = """
          llm_config:
            deployment_config:
              autoscaling_config:
                max_replicas: 2
                target_ongoing_requests: 2
                upscale_delay_s: 0
                downscale_delay_s: 0
                look_back_period_s: 2
          """
        let one = try await stage.deploy(try stage.quickstart([("llm_config:", range)]))
        let load = SteadyLoad(users: 8, of: try Questioner(one))
        try await wait(for: "two groups") {
          try await stage.application().flatMap { $0.isHealthy && $0.replicas(.rank).count == 4 ? () : nil }
        }
        try await load.more(12)
        await load.stop()
        #expect(load.failures == [])
        try await wait(for: "one group again") {
          try await stage.application().flatMap { $0.isHealthy && $0.replicas(.rank).count == 2 ? () : nil }
        }
        let last = try #require(try await stage.application())
        #expect(last.pids(.rank) == one.pids(.rank))
        let events = try await stage.dpdeploy("events")
        #expect(events.output.contains("1 → 2 groups") && events.output.contains("2 → 1 group"), "\(events)")
        let status = try await stage.dpdeploy("status")
        #expect(status.output.contains("follows the load, 1 to 2:"), "\(status)")
      }
    }
  }
}
