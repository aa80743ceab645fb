import ControlAPI
import Deployment
import Platform
import Testing

@testable import Controller

@Suite(.serialized) struct `A rollout by the controller` {
  @Test func `plans what an apply then does, and changes nothing by itself`() async throws {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest())
      try await stage.untilHealthy()
      let before = Set(stage.living())
      let plan = try await controller.plan(stage.request(stage.manifest(maxNumSeqs: 16)))
      #expect(plan.outcome == .updated && plan.changes.map(\.changeClass) == ["group-restart"])
      #expect((plan.interruptionSeconds.value ?? 0) > 0)
      #expect(try await controller.plan(stage.request(stage.manifest())).outcome == .unchanged)
      #expect(Set(stage.living()) == before && stage.status?.revision == 1)
    }
  }

  @Test func `brings the former revision back when the new one cannot start`() async throws {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest())
      try await stage.untilHealthy()
      try await stage.apply(stage.manifest(fake: "exit78:1"))
      try await stage.until("rolled back") { stage.isHealthy($0) && $0?.revision == 3 }
      let back = try #require(stage.status?.rolledBack)
      #expect(back.from == 2 && back.to == 1 && back.reason.contains("no such model"))
      let death = try #require(stage.events.first { $0.reason == "RankDied" })
      #expect(death.lastLines == ["dpfake: error: no such model"])
      let list = try await controller.revisions(of: "demo").revisions
      #expect(list.map(\.number) == [1, 2, 3] && list.map(\.isLastHealthy) == [false, false, true])
    }
  }

  @Test func `leaves the failed revision when it is told to, and undoes it when asked`() async throws {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest())
      try await stage.untilHealthy()
      var request = stage.request(stage.manifest(fake: "exit78:1"))
      request.noRollback = true
      _ = try await controller.apply(request)
      try await stage.until("failed") { $0?.status == .deployFailed }
      _ = try await controller.rollout(RolloutRequest(.undo), of: "demo")
      try await stage.until("undone") { stage.isHealthy($0) && $0?.revision == 3 }
      #expect(stage.status?.rolledBack == nil)
      await #expect(throws: ControlError.self) {
        _ = try await controller.rollout(RolloutRequest(.undo, to: 99), of: "demo")
      }
    }
  }

  @Test func `refuses an apply that expects another revision`() async throws {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest())
      var request = stage.request(stage.manifest(maxNumSeqs: 16))
      request.expectRevision = 7
      let wish = request
      let error = await #expect(throws: ControlError.self) { try await controller.apply(wish) }
      #expect(error?.exitCode == 9 && stage.status?.revision == 1)
    }
  }

  @Test func `starts everything again on request, and never twice for one request`() async throws {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest())
      try await stage.untilHealthy()
      let before = Set(stage.living())
      _ = try await controller.rollout(RolloutRequest(.restart), of: "demo")
      try await stage.until("started again") {
        stage.isHealthy($0) && before.isDisjoint(with: stage.living())
      }
      let after = Set(stage.living())
      #expect(stage.status?.revision == 1 && after.count == 4)
      #expect(try await stage.apply(stage.manifest()).outcome == .unchanged)
      try await stage.succeed()
      try await stage.untilHealthy()
      #expect(Set(stage.living()) == after)
      _ = try await stage.controller?.rollout(RolloutRequest(.pause), of: "demo")
      let error = await #expect(throws: ControlError.self) {
        try await stage.controller?.rollout(RolloutRequest(.restart), of: "demo")
      }
      #expect(error?.exitCode == 9)
    }
  }

  @Test func `interrupts nobody where a further group finds room`() async throws {
    try await onStage { stage in
      let controller = try await stage.start()
      let room = "\ncluster: {nodes: 1, devices: 4}"
      try await stage.apply(stage.manifest() + room)
      try await stage.untilHealthy()
      let plan = try await controller.plan(stage.request(stage.manifest(maxNumSeqs: 16) + room))
      #expect(plan.interruptionSeconds.value == 0)
      try await stage.apply(stage.manifest(maxNumSeqs: 16) + room)
      try await stage.until("through") {
        #expect(controller.runners["demo"]?.state.table.entries.contains { !$0.isDraining } == true)
        return stage.isHealthy($0) && $0?.deployments[0].replicas.map(\.id) == ["dp0", "dp1"]
      }
      #expect(stage.reasons.contains("StandIn") && stage.living("rank").count == 2)
    }
  }
}
