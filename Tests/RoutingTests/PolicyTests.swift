import Testing

@testable import Routing

@Suite struct `A policy` {
  private func router(_ policy: RoutingPolicy, _ count: Int, capacity: Int = 100_000) -> Router {
    var router = Router(policy: policy, seed: 3)
    router.setRanks(ranks(Array(0..<count), capacity: capacity))
    return router
  }

  private func ranks(_ numbers: [Int], capacity: Int = 100_000, epoch: Int = 1) -> [RoutableRank] {
    numbers.map {
      RoutableRank(key: RankKey(group: 0, rank: $0), epoch: epoch, capacity: capacity, isRunning: true)
    }
  }

  private func rank(_ router: inout Router, _ request: RoutingRequest, _ loads: [RankLoad] = []) -> Int? {
    let decision = router.choose(request, now: 0) { loads.indices.contains($0) ? loads[$0] : RankLoad() }
    guard case .rank(let index) = decision else { return nil }
    return router.ranks[index].key.rank
  }

  @Test func `least_loaded takes the least loaded, and equals in turn`() {
    var router = router(.leastLoaded, 4)
    let loads = [3, 1, 2, 1].map { RankLoad(requests: $0, tokens: 100 * $0) }
    let chosen = (0..<10).compactMap { _ in rank(&router, RoutingRequest(), loads) }
    #expect(chosen == [1, 3, 1, 3, 1, 3, 1, 3, 1, 3] || chosen == [3, 1, 3, 1, 3, 1, 3, 1, 3, 1])
  }

  @Test func `random takes any`() {
    var router = router(.random, 4)
    var counts = [Int](repeating: 0, count: 4)
    for _ in 0..<4000 { counts[rank(&router, RoutingRequest()) ?? 0] += 1 }
    #expect(counts.allSatisfy { (850...1150).contains($0) }, "\(counts)")
  }

  @Test func `session stays, in every replica, and moves only what it must`() {
    let sessions = (0..<4000).map { StableHash.of("session \($0)".utf8) }
    var (all, other) = (router(.session, 8), Router(policy: .session, seed: 99))
    other.setRanks(ranks(Array(0..<8)))
    let homes = sessions.map { rank(&all, RoutingRequest(session: $0)) ?? -1 }
    #expect(sessions.map { rank(&other, RoutingRequest(session: $0)) ?? -1 } == homes)
    let counts = (0..<8).map { number in homes.count { $0 == number } }
    #expect(counts.allSatisfy { (350...650).contains($0) }, "\(counts)")
    all.setRanks(ranks([0, 1, 2, 4, 5, 6, 7]))
    for (session, home) in zip(sessions, homes) where home != 3 {
      #expect(rank(&all, RoutingRequest(session: session)) == home)
    }
    all.setRanks(ranks(Array(0..<8)))
    #expect(sessions.map { rank(&all, RoutingRequest(session: $0)) ?? -1 } == homes)
  }

  @Test func `session goes to the next rank while its own is full or failing, and comes back`() {
    var router = router(.session, 4, capacity: 2)
    let request = RoutingRequest(session: 42)
    let home = rank(&router, request) ?? 0
    var loads = [RankLoad](repeating: RankLoad(), count: 4)
    loads[home].requests = 2
    let second = rank(&router, request, loads)
    #expect(second != home && rank(&router, request, loads) == second)
    router.reportFailure(of: home, at: 0)
    #expect(rank(&router, request) == second)
    router.reportSuccess(of: home)
    #expect(rank(&router, request) == home)
  }

  @Test func `prefix_aware goes where the longest beginning is`() {
    var router = router(.prefixAware, 4)
    router.notePlacement(of: RoutingRequest(prefix: [1, 2]), at: 0)
    router.notePlacement(of: RoutingRequest(prefix: [1, 2, 3, 4]), at: 2)
    router.notePlacement(of: RoutingRequest(prefix: [3, 4]), at: 3)
    for _ in 0..<20 {
      #expect(rank(&router, RoutingRequest(prefix: [1, 2, 3, 9])) == 2)
      #expect([0, 2].contains(rank(&router, RoutingRequest(prefix: [1, 2, 7]))))
    }
    router.setRanks(ranks([0, 1, 2, 3], epoch: 2))
    let anywhere = Set((0..<50).compactMap { _ in rank(&router, RoutingRequest(prefix: [1, 2, 3, 4])) })
    #expect(anywhere.count == 4)
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `neither prefixes nor adapters load a rank far above the mean`(seed: UInt64) {
    for (policy, adapter) in [(RoutingPolicy.prefixAware, nil), (.powerOfTwo, "a")]
      as [(RoutingPolicy, String?)]
    {
      var router = Router(policy: policy, seed: seed)
      router.setRanks(ranks(Array(0..<8)))
      var loads = [RankLoad](repeating: RankLoad(), count: 8)
      // Everybody asks the same, and nothing ends: the worst that could be.
      let request = RoutingRequest(prefix: policy == .prefixAware ? [1, 2, 3] : [], adapter: adapter)
      for step in 0..<2000 {
        guard let chosen = rank(&router, request, loads) else { continue }
        router.notePlacement(of: request, at: chosen)
        router.reportSuccess(of: chosen, adapter: adapter)
        let mean = Double(step) / 8
        loads[chosen].requests += 1
        #expect(loads[chosen].requests <= Router.mostRequests(mean: mean) + 1, "seed \(seed), step \(step)")
      }
    }
  }

  @Test func `keeps an adapter's requests where it is held, until that life ends`() {
    var router = router(.powerOfTwo, 4)
    router.reportSuccess(of: 2, adapter: "a")
    for _ in 0..<30 { #expect(rank(&router, RoutingRequest(adapter: "a")) == 2) }
    let others = Set((0..<60).compactMap { _ in rank(&router, RoutingRequest(adapter: "b")) })
    #expect(others.count == 4)
    router.setRanks(ranks([0, 1, 2, 3], epoch: 2))
    #expect(Set((0..<60).compactMap { _ in rank(&router, RoutingRequest(adapter: "a")) }).count == 4)
  }

  @Test func `forgets the beginnings that were longest not asked for`() {
    var directory = PrefixDirectory(capacity: 100)
    let rank = RankKey(group: 0, rank: 1)
    for block in 0..<101 { directory.add([UInt64(block)], at: rank) }
    #expect(directory.matches([0]).isEmpty && directory.matches([100]) == [rank: 1])
  }
}
