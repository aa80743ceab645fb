import ControlAPI
import ControlClient
import Glibc
import Platform
import Testing

@testable import Controller
@testable import History

/// A second in which something was known.
private let busy: HistorySample = {
  var sample = HistorySample()
  (sample[.countedMilliseconds], sample[.requests]) = (1000, 3)
  return sample
}()

@Suite(.serialized) struct `The history` {
  @Test func `tells how an application and its ranks did, also to the next controller, and goes with them`()
    async throws
  {
    try await onStage { stage in
      let controller = try await stage.start()
      let client = ControlClient(home: stage.home)
      try await stage.apply(stage.manifest())
      try await stage.untilHealthy()
      try await stage.until("two seconds of it") { _ in
        controller.runners["demo"]?.recorder.open?.series[.rank(group: 0, rank: 1)]?.compactMap(\.self).count
          ?? 0 >= 2
      }
      let query = HistoryQuery(
        since: 300, step: 1, metrics: [.requestsPerSecond, .queueDepth, .running, .ttftP95Seconds])
      let history = try await client.history(of: "demo", query)
      #expect(history.stepSeconds == 1 && history.rank == nil && history.steps.count >= 2)
      let last = try #require(history.steps.last { $0[.running] != nil })
      #expect(last[.queueDepth] == 0 && last[.ttftP95Seconds] == nil)
      #expect(Set(last.values.keys) == ["requests_per_second", "queue_depth", "running", "ttft_p95_seconds"])
      var ofRank = query
      ofRank.rank = 1
      let rank = try await client.history(of: "demo", ofRank)
      #expect(rank.group == 0 && rank.rank == 1)
      #expect(
        rank.steps.last.map { Set($0.values.keys) } == ["requests_per_second", "running", "ttft_p95_seconds"])
      await controller.stop()
      let kept = try await Store(path: stage.home.stateDatabase).history(of: "demo", step: 60, after: 0)
      #expect(kept.flatMap { $0.series[.application] ?? [] }.compactMap(\.self).count >= 1)
      try await stage.start()
      let later = try await ControlClient(home: stage.home).history(of: "demo", query)
      #expect(later.steps.contains { $0.time == last.time && $0[.running] == last[.running] })
      try await ControlClient(home: stage.home).delete("demo")
      try await stage.until("gone") { $0 == nil }
      await stage.controller?.stop()
      #expect(try await Store(path: stage.home.stateDatabase).history(of: "demo", step: 60, after: 0).isEmpty)
    }
  }

  @Test func `refuses what is no history`() async throws {
    try await onStage { stage in
      try await stage.start()
      let client = ControlClient(home: stage.home)
      try await stage.apply(stage.manifest())
      let unknown = await #expect(throws: ControlError.self) {
        try await client.history(of: "nobody", HistoryQuery())
      }
      #expect(unknown?.code == "not-found")
      let long = await #expect(throws: ControlError.self) {
        try await client.history(of: "demo", HistoryQuery(since: 30 * 86_400, step: 60))
      }
      #expect(long?.exitCode == 2 && long?.message.contains("take longer steps") == true)
      #expect(HistoryQuery { $0 == "metric" ? "running,speed" : nil } == nil)
      #expect(HistoryQuery { $0 == "step" ? "0" : nil } == nil)
      let query = HistoryQuery(since: 60, step: 10, rank: 2, group: 1, metrics: [.running, .waiting])
      let parameters = Dictionary(uniqueKeysWithValues: query.parameters.map { ($0.name, $0.value) })
      #expect(HistoryQuery { parameters[$0] } == query)
    }
  }

  @Test func `is written into every tier, a minute in two parts as one, and forgotten as each tier says`()
    async throws
  {
    try await withStore { store in
      let start = 1_800_000_000
      var (one, other) = (HistoryBlock(step: 1, holding: start), HistoryBlock(step: 1, holding: start))
      one.add(busy, to: .application, at: start + 8)
      other.add(busy, to: .application, at: start + 9)
      other.add(busy, to: .application, at: start + 10)
      try await store.commit([.history(application: "a", one), .history(application: "b", one)])
      try await store.commit([.history(application: "a", other)])
      func requests(_ step: Int) async throws -> [Int64] {
        try await store.history(of: "a", step: step, after: 0).flatMap { $0.series[.application] ?? [] }
          .compactMap { $0?[.requests] }
      }
      #expect(try await requests(1) == [3, 3, 3])
      #expect(try await requests(10) == [6, 3])
      #expect(try await requests(60) == [9])
      for tier in HistoryTier.all {
        var late = HistoryBlock(step: 1, holding: start + tier.kept + 61 * tier.step * HistoryBlock.steps)
        late.add(busy, to: .application, at: late.start)
        try await store.commit([.history(application: "a", late)])
        #expect(try await store.history(of: "a", step: tier.step, after: 0).map(\.start).min() ?? 0 > start)
      }
      #expect(try await store.history(of: "b", step: 1, after: 0) == [one])
      #expect(try await store.history(of: "b", step: 1, after: start + 60).isEmpty)
    }
  }

  @Test func `takes a bounded part of the disk, and loses the oldest first`() async throws {
    try await withStore { store in
      // Blocks of a megabyte in the place of thousands of ranks.
      let tier = HistoryTier.all[0]
      let length = tier.step * HistoryBlock.steps
      try await store.fill("a", tier, blocks: 12, of: 1 << 20)
      var newest = HistoryBlock(step: 1, holding: 12 * length)
      newest.add(busy, to: .application, at: newest.start)
      try await store.commit([.history(application: "a", newest)])
      let (count, first) = try await store.rows("a", tier)
      #expect(count == 8 && first == 5 * length)
    }
  }

  @Test func `that cannot be written waits for an hour, and no longer`() async throws {
    try await withStore { store in
      let queue = StoreQueue(store)
      try await store.refuseWriting(true)
      for minute in 0..<100 {
        var block = HistoryBlock(step: 1, holding: minute * 60)
        block.add(busy, to: .application, at: block.start)
        queue.add(block, of: "a")
      }
      await queue.flush()
      #expect(queue.failure != nil)
      try await store.refuseWriting(false)
      queue.retry()
      await queue.flush()
      let kept = try await store.history(of: "a", step: 1, after: 0).map(\.start)
      #expect(kept.first == 38 * 60 && kept.last == 99 * 60)
    }
  }
}

/// Gives `body` a store of its own.
@Loop
private func withStore(_ body: @Loop (Store) async throws -> Void) async throws {
  try await onStage { stage in
    mkdir(stage.home.path, 0o700)
    try await body(Store(path: stage.home.stateDatabase))
  }
}

extension Store {
  fileprivate func fill(_ application: String, _ tier: HistoryTier, blocks: Int, of size: Int) throws {
    for place in 0..<blocks {
      try database.run(
        "INSERT INTO history VALUES (?, ?, ?, ?)",
        [
          .text(application), .integer(Int64(tier.step)),
          .integer(Int64(place * tier.step * HistoryBlock.steps)),
          .blob(Array(repeating: 0xFF, count: size)),
        ])
    }
  }

  fileprivate func rows(_ application: String, _ tier: HistoryTier) throws -> (count: Int, first: Int) {
    let row = try database.run(
      "SELECT count(*), min(start) FROM history WHERE application = ? AND step = ?",
      [.text(application), .integer(Int64(tier.step))])[0]
    return (row[0].integer, row[1].integer)
  }

  fileprivate func refuseWriting(_ isReadOnly: Bool) throws {
    try database.run("PRAGMA query_only=\(isReadOnly ? 1 : 0)")
  }
}
