import ControlAPI
import ControlClient
import Platform
import Testing

@testable import Controller

@Suite(.serialized) struct `Timelines` {
  @Test func `measure the parts of a start from the launch on, in the order in which they came`() {
    let clock = StartClock(
      entries: [
        (.spawn, 1_100_000_000), (.firstAnswer, 4_000_000_000), (.loadWeights, 1_500_000_000),
        (.rendezvous, 3_000_000_000),
      ], launched: 1_000_000_000)
    #expect(
      clock.phases(until: 4_250_000_000) == [
        .init(.spawn, seconds: 0.5), .init(.loadWeights, seconds: 1.5), .init(.rendezvous, seconds: 1),
        .init(.firstAnswer, seconds: 0.25),
      ])
    #expect(clock.phases(until: 2_000_000_000).map(\.phase) == [.spawn, .loadWeights])
    #expect(StartClock(entries: [], launched: nil).phases(until: 1) == [])
  }

  @Test
  func `tell how each rank started, those that go on and those that failed, also to the next controller`()
    async throws
  {
    try await onStage { stage in
      try await stage.start()
      let client = ControlClient(home: stage.home)
      try await stage.apply(stage.manifest(fake: "pace:40"))
      try await stage.until("loading") { $0?.deployments[0].replicas[1].phase == .known(.loadWeights) }
      let early = try await client.timeline(of: "demo")
      #expect(early.starts[0].ranks.map(\.outcome) == [.starting, .starting])
      try await stage.untilHealthy()
      let starts = try await client.timeline(of: "demo").starts
      #expect(starts.map(\.group) == [0] && starts.map(\.epoch) == [1])
      for rank in starts[0].ranks {
        #expect(rank.outcome == .started)
        #expect(
          rank.phases.map(\.phase) == [.spawn, .rendezvous, .loadWeights, .kvAlloc, .warmup, .firstAnswer])
        #expect(rank.phases.dropLast().allSatisfy { $0.seconds >= 0.04 }, "\(rank.phases)")
        #expect(rank.seconds < 30)
      }
      try await stage.succeed()
      #expect(try await ControlClient(home: stage.home).timeline(of: "demo").starts == starts)
      try await stage.apply(stage.manifest(fake: "exit78:1"))
      try await stage.until("given up") { $0?.deployments[0].status == .deployFailed }
      let ends = try await ControlClient(home: stage.home).timeline(of: "demo").starts.flatMap(\.ranks)
      let failed = try #require(ends.first { $0.replica == "dp1" && $0.outcome == .failed })
      #expect(failed.epoch == 2 && failed.phases.last?.phase == .loadWeights)
      await #expect(throws: ControlError.self) { try await client.timeline(of: "nobody") }
    }
  }

  @Test func `are kept for the last starts of each rank alone`() async throws {
    try await onStage { stage in
      try await stage.start()
      await stage.controller?.stop()
      let store = try Store(path: stage.home.stateDatabase)
      for epoch in 1...(Store.keptStarts + 5) {
        try await store.commit(
          [0, 1].map { rank in
            .start(
              application: "a",
              RankStart(
                replica: "dp\(rank)", group: 0, rank: rank, epoch: epoch, startedAt: "", outcome: .failed,
                phases: []))
          })
      }
      let kept = try await store.starts(of: "a")
      #expect(kept.count == 2 * Store.keptStarts && kept.allSatisfy { $0.epoch > 5 })
      try await store.commit([.forget(application: "a")])
      #expect(try await store.starts(of: "a").isEmpty)
    }
  }
}
