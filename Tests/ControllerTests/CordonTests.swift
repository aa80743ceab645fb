import ControlAPI
import Platform
import Testing

@testable import Controller

@Suite(.serialized) struct `A cordon by the controller` {
  @Test func `drains a replica, lasts over the controller and a lost checkpoint, and is taken back`()
    async throws
  {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest())
      try await stage.untilHealthy()
      let result = try await controller.cordon(CordonRequest(.drain, ["dp1", "ingress-0"]), of: "demo")
      #expect(result.cordoned == ["dp1", "ingress-0"])
      func areDrained(_ status: ApplicationStatus?) -> Bool {
        let replicas = status?.deployments.flatMap(\.replicas) ?? []
        return replicas.filter { $0.state == .drained }.map(\.id) == ["dp1", "ingress-0"]
      }
      try await stage.until("drained") { areDrained($0) && stage.isHealthy($0) }
      try await stage.until("told so") { _ in
        Set(stage.events.filter { $0.reason == "Drained" }.map(\.replica)) == ["dp1", "ingress-0"]
      }
      let before = Set(stage.living())
      try await stage.succeed()
      try await stage.until("drained under the next controller") { areDrained($0) }
      #expect(Set(stage.living()) == before)
      // As after a reboot: nothing is left but what is to run.
      await stage.controller?.stop()
      let database = try Database(path: stage.home.stateDatabase)
      try database.run("DELETE FROM checkpoints")
      try await stage.start()
      try await stage.until("drained after a new start") { areDrained($0) }
      let last = try #require(stage.controller)
      #expect(
        try await last.cordon(CordonRequest(.uncordon, ["dp1", "ingress-0"]), of: "demo").cordoned == [])
      try await stage.until("all take requests") {
        $0?.deployments.flatMap(\.replicas).allSatisfy { $0.state == .running } == true
      }
    }
  }

  @Test func `is refused for strangers and for the last, and then nothing changes`() async throws {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest())
      try await stage.untilHealthy()
      for (names, code) in [
        (["dp7"], 1), (["nobody"], 1), (["dp0", "dp1"], 9), (["ingress-0", "ingress-1"], 9),
      ] {
        let error = await #expect(throws: ControlError.self) {
          try await controller.cordon(CordonRequest(.cordon, names), of: "demo")
        }
        #expect(error?.exitCode == Int32(code))
      }
      #expect(stage.status?.deployments.flatMap(\.replicas).allSatisfy { $0.state == .running } == true)
      let forced = CordonRequest(.cordon, ["dp0", "dp1"], force: true)
      #expect(try await controller.cordon(forced, of: "demo").cordoned == ["dp0", "dp1"])
    }
  }
}
