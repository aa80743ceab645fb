import ControlAPI
import Platform
import Testing

extension `Whole deployments` {
  @Suite @Loop struct `A change of the ingress's replica count` {
    @Test func `fails no request and touches no rank, and applying it again does nothing`() async throws {
      try await onStage { stage in
        let two = try await stage.deploy(try stage.quickstart())
        let load = SteadyLoad(users: 4, of: try Questioner(two))
        let three = try await becomes(3, under: load, stage)
        #expect(three.pids(.ingress).isSuperset(of: two.pids(.ingress)))
        try await staysAsItIs(three, stage)
        let again = try await becomes(2, under: load, stage)
        await load.stop()
        #expect(load.failures == [])
        for later in [three, again] {
          #expect(later.pids(.rank) == two.pids(.rank) && later.epochs == two.epochs)
        }
      }
    }

    @Test func `happens by itself when the load asks for it, without a failed request`() async throws {
      try await onStage { stage in
        let one = try await stage.deploy(
          try stage.quickstart([
            ("min_replicas: 2", "min_replicas: 1"),
            (
              "max_replicas: 2",
              "max_replicas: 3\n    upscale_delay_s: 0\n    downscale_delay_s: 0\n    look_back_period_s: 2"
            ),
          ]))
        #expect(one.pids(.ingress).count == 1)
        let load = SteadyLoad(users: 12, of: try Questioner(one))
        try await wait(for: "three replicas") {
          try await stage.application()?.pids(.ingress).count == 3 ? () : nil
        }
        try await load.more(20)
        await load.stop()
        #expect(load.failures == [])
        try await wait(for: "one replica again") {
          try await stage.application().flatMap { $0.isHealthy && $0.pids(.ingress).count == 1 ? () : nil }
        }
        let events = try await stage.dpdeploy("events")
        #expect(events.output.contains("Autoscaled") && events.output.contains("ongoing requests over 2.0 s"))
      }
    }

    /// Applies another count while the load goes on before, during and after it.
    private func becomes(
      _ count: Int, under load: SteadyLoad, _ stage: Stage
    ) async throws -> ApplicationStatus {
      try await load.more(8)
      let path = try stage.quickstart([
        ("min_replicas: 2", "min_replicas: \(count)"), ("max_replicas: 2", "max_replicas: \(count)"),
      ])
      let application = try await stage.deploy(path)
      #expect(application.pids(.ingress).count == count)
      #expect(Population(of: stage.home).ingress == application.pids(.ingress))
      try await load.more(8)
      return application
    }

    /// Applies the manifest that runs: it says so, and neither revision nor processes change.
    private func staysAsItIs(_ before: ApplicationStatus, _ stage: Stage) async throws {
      let apply = try await stage.dpdeploy("apply", stage.folder + "/quickstart.yaml", "--wait")
      let words = "quickstart unchanged (revision \(before.revision))\n"
      #expect(apply.ended(with: 0) && apply.output.hasPrefix(words), "\(apply)")
      let after = try #require(try await stage.application())
      #expect(after.revision == before.revision)
      #expect(after.pids(.rank) == before.pids(.rank) && after.pids(.ingress) == before.pids(.ingress))
    }
  }
}
