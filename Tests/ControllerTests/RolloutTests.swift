import ControlAPI
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
}
