import Randomness
import Routing
import Testing

@Suite struct `Choosing a rank` {
  private func ranks(_ count: Int, capacity: Int = 256, epoch: Int = 1) -> [RoutableRank] {
    (0..<count).map {
      RoutableRank(key: RankKey(group: 0, rank: $0), epoch: epoch, capacity: capacity, isRunning: true)
    }
  }

  private func router(_ policy: RoutingPolicy, _ ranks: [RoutableRank], seed: UInt64 = 7) -> Router {
    var router = Router(policy: policy, seed: seed)
    router.setRanks(ranks)
    return router
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `round robin gives every rank the same`(seed: UInt64) {
    var router = router(.roundRobin, ranks(5), seed: seed)
    var counts = [Int](repeating: 0, count: 5)
    for _ in 0..<100 {
      guard case .rank(let index) = router.choose(now: 0, load: { _ in RankLoad() }) else { continue }
      counts[index] += 1
    }
    #expect(counts == [20, 20, 20, 20, 20], "seed \(seed)")
  }

  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func `power of two stays near the least loaded`(seed: UInt64) {
    var router = router(.powerOfTwo, ranks(16, capacity: 100_000), seed: seed)
    var loads = [RankLoad](repeating: RankLoad(), count: 16)
    for _ in 0..<16_000 {
      guard case .rank(let index) = router.choose(now: 0, load: { loads[$0] }) else { continue }
      loads[index].requests += 1
      loads[index].tokens += 100
    }
    let counts = loads.map(\.requests)
    // One random choice would spread by about a hundred here, two by a handful.
    #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 12, "seed \(seed): \(counts)")
  }

  @Test func `power of two weighs tokens, not only requests`() {
    var router = router(.powerOfTwo, ranks(2))
    let loads = [RankLoad(requests: 1, tokens: 16_000), RankLoad(requests: 3, tokens: 300)]
    for _ in 0..<50 { #expect(router.choose(now: 0) { loads[$0] } == .rank(1)) }
  }

  @Test func `a load counts relative to the rank's capacity`() {
    var table = ranks(2)
    table[0].capacity = 1024
    var router = router(.powerOfTwo, table)
    let loads = [RankLoad(requests: 20, tokens: 2000), RankLoad(requests: 10, tokens: 1000)]
    for _ in 0..<50 { #expect(router.choose(now: 0) { loads[$0] } == .rank(0)) }
  }

  @Test(arguments: RoutingPolicy.allCases, [41, 42, 43, 44] as [UInt64])
  func `what may not be chosen never is`(policy: RoutingPolicy, seed: UInt64) {
    var random = SplitMix(seed: seed)
    for round in 0..<500 {
      var table = ranks(Int.random(in: 0...6, using: &random), capacity: 4)
      for index in table.indices { table[index].isRunning = Bool.random(using: &random) }
      let loads = table.map { _ in RankLoad(requests: Int.random(in: 0...5, using: &random)) }
      let tried = Set(table.indices.filter { _ in Bool.random(using: &random) })
      let pinned = Bool.random(using: &random) ? Int.random(in: 0...6, using: &random) : nil
      var router = router(policy, table, seed: random.next())
      let able = table.indices.filter { index in
        table[index].isRunning && !tried.contains(index) && (pinned == nil || pinned == table[index].key.rank)
      }
      let free = able.filter { loads[$0].requests < 4 }
      let request = RoutingRequest(
        pinned: pinned, session: Bool.random(using: &random) ? random.next() : nil,
        prefix: (0..<UInt64.random(in: 0...4, using: &random)).map { $0 },
        adapter: Bool.random(using: &random) ? "a" : nil)
      for index in table.indices where Bool.random(using: &random) {
        router.notePlacement(of: request, at: index)
        router.reportSuccess(of: index, adapter: "a")
      }
      switch router.choose(request, excluding: tried, now: 0, load: { loads[$0] }) {
      case .rank(let index): #expect(free.contains(index), "seed \(seed), round \(round)")
      case .saturated: #expect(!able.isEmpty && free.isEmpty, "seed \(seed), round \(round)")
      case .unavailable: #expect(able.isEmpty, "seed \(seed), round \(round)")
      case .unknownRank:
        #expect(pinned.map { $0 >= table.count } == true && !table.isEmpty, "seed \(seed), round \(round)")
      }
    }
  }

  @Test(arguments: RoutingPolicy.allCases)
  func `a rank that fails fast attracts no traffic`(policy: RoutingPolicy) {
    var router = router(policy, ranks(4))
    // Rank 0 fails everything at once and so is always idle; the others hold each request for two seconds.
    var running: [(end: Double, index: Int)] = []
    var failures = 0
    for step in 0..<2000 {
      let now = Double(step) * 0.05
      running.removeAll { $0.end <= now }
      let load = { (index: Int) in RankLoad(requests: running.count { $0.index == index }) }
      guard case .rank(let index) = router.choose(now: now, load: load) else { continue }
      if index == 0 {
        failures += 1
        router.reportFailure(of: 0, at: now)
      } else {
        router.reportSuccess(of: index)
        running.append((now + 2, index))
      }
    }
    // 100 seconds: half a second, then one, two, four, and every eight after.
    #expect((2...20).contains(failures), "\(failures) of 2000 went to the dead rank")
  }

  @Test func `a penalised rank is the last resort, and one that answers is forgiven`() {
    var router = router(.powerOfTwo, ranks(2))
    router.reportFailure(of: 0, at: 10)
    for _ in 0..<20 { #expect(router.choose(now: 10.1) { _ in RankLoad() } == .rank(1)) }
    #expect(router.choose(excluding: [1], now: 10.1) { _ in RankLoad() } == .rank(0))
    #expect(router.choose(now: 10.1) { _ in RankLoad(requests: 256) } == .saturated)
    #expect(!router.isPenalised(0, at: 10.6))
    router.reportFailure(of: 0, at: 11)
    #expect(router.isPenalised(0, at: 11.9))
    router.reportSuccess(of: 0)
    #expect(!router.isPenalised(0, at: 11.9))
  }

  @Test func `a new epoch starts without a past`() {
    var router = router(.roundRobin, ranks(2))
    router.reportFailure(of: 0, at: 0)
    router.setRanks(ranks(2))
    #expect(router.isPenalised(0, at: 0.1))
    router.setRanks(ranks(2, epoch: 2))
    #expect(!router.isPenalised(0, at: 0.1))
  }

  @Test func `a pinned rank is taken or nothing`() {
    var router = router(.roundRobin, ranks(3))
    for _ in 0..<5 {
      #expect(router.choose(RoutingRequest(pinned: 2), now: 0) { _ in RankLoad() } == .rank(2))
    }
    #expect(
      router.choose(RoutingRequest(pinned: 2), excluding: [2], now: 0) { _ in RankLoad() } == .unavailable)
    #expect(router.choose(RoutingRequest(pinned: 3), now: 0) { _ in RankLoad() } == .unknownRank)
    #expect(router.choose(RoutingRequest(pinned: -1), now: 0) { _ in RankLoad() } == .unknownRank)
  }

  @Test func `seeds make replicas differ`() {
    let firsts = (0..<32).map { seed -> RoutingDecision in
      var router = router(.roundRobin, ranks(8), seed: UInt64(seed))
      return router.choose(now: 0) { _ in RankLoad() }
    }
    #expect(Set(firsts.map { "\($0)" }).count > 3)
  }
}
