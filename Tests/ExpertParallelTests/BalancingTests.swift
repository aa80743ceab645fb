import Glibc
import Platform
import Randomness
import Testing

@testable import ExpertParallel

@Suite struct `The placement of experts by their load` {
  /// Loads of 256 experts whose popularity follows Zipf's law, in random order.
  private func zipf(_ exponent: Double) -> [UInt64] {
    var random = SplitMix(seed: 11)
    return (1...256).map { UInt64(1e9 / pow(Double($0), exponent)) }.shuffled(using: &random)
  }

  /// How even 16 ranks' load is: as placed at the start, packed, and packed with 16 copies more.
  private func balancedness(_ loads: [UInt64]) throws -> (naive: Double, packed: Double, copied: Double) {
    let members = Array(0..<16)
    let home = ExpertMap(.linear(experts: 256, world: 16), redundant: 0, members: members)
    let maps = [home] + [256, 272].map { .balanced(loads, slots: $0, members: members, world: 16) }
    let shares = try maps.map { try #require($0.balancedness(loads, members: members)) }
    return (shares[0], shares[1], shares[2])
  }

  @Test func `helps by itself under a mild skew, and one copy a rank makes it perfect`() throws {
    let shares = try balancedness(zipf(0.6))
    #expect(shares.naive < 0.75, "\(shares)")
    #expect(abs(shares.packed - 0.83) < 0.01, "\(shares)")
    #expect(shares.copied > 0.995, "\(shares)")
  }

  @Test func `does little under a heavy skew without copies, and all with one a rank`() throws {
    let shares = try balancedness(zipf(1))
    #expect(shares.naive < 0.4, "\(shares)")
    #expect(abs(shares.packed - 0.36) < 0.01, "\(shares)")
    #expect(shares.copied > 0.985, "\(shares)")
  }

  @Test func `gives the next copy to the expert with the most load a copy, up to one a rank`() {
    let loads: [UInt64] = [90, 40, 10, 20]
    #expect(ExpertMap.copyCounts(loads, slots: 4, most: 4) == [1, 1, 1, 1])
    #expect(ExpertMap.copyCounts(loads, slots: 6, most: 4) == [3, 1, 1, 1])
    #expect(ExpertMap.copyCounts(loads, slots: 7, most: 4) == [3, 2, 1, 1])
    #expect(ExpertMap.copyCounts(loads, slots: 6, most: 2) == [2, 2, 1, 1])
    #expect(ExpertMap.copyCounts(loads, slots: 99, most: 2) == [2, 2, 2, 2])
  }

  @Test(arguments: [[0, 1, 2, 3], [1, 3]])
  func `fills all members alike, and no rank with two copies of an expert`(members: [Int]) {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix(seed: seed)
    for _ in 0..<200 {
      let loads = (0..<12).map { _ in UInt64.random(in: 0...1000, using: &random) }
      let map = ExpertMap.balanced(loads, slots: 16, members: members, world: 4)
      for rank in 0..<4 {
        let room = members.contains(rank) ? 16 / members.count : 0
        #expect(map.ranks.count { $0 == rank } == room, "seed \(seed)")
      }
      #expect(Set(map.expertsOfRank.joined()) == Set(0..<12), "seed \(seed)")
      #expect(
        (0..<12).allSatisfy { Set(map.copies(of: $0)).count == map.copies(of: $0).count }, "seed \(seed)")
    }
  }

  @Test func `begins with copies of the first experts where there is room`() {
    let placement = ExpertPlacement.linear(experts: 6, world: 3)
    let map = ExpertMap(placement, redundant: 3, members: [0, 1, 2])
    #expect(map.expertsOfRank.map(\.count) == [3, 3, 3])
    #expect((0..<6).map { map.copies(of: $0).count } == [2, 2, 2, 1, 1, 1])
    let survivors = ExpertMap(placement.spread(over: [2]), redundant: 3, members: [2])
    #expect(survivors.expertsOfRank == [[], [], Array(0..<6)])
  }

  @Test func `shares an expert's tokens evenly among its copies, also when each rank has one token`() {
    let map = ExpertMap([[0, 1], [2]], world: 3)
    func turn(_ source: Int, step: UInt64) -> Int {
      ExpertMap.turn(of: source, ExchangeStamp(epoch: 1, step: step, layer: 0, chunk: 0))
    }
    #expect((0..<4).map { map.owner(of: 0, token: $0, turn: 0) } == [0, 1, 0, 1])
    #expect((0..<3).map { map.owner(of: 0, token: 0, turn: turn($0, step: 1)) } == [1, 0, 1])
    #expect((1...3).map { map.owner(of: 0, token: 0, turn: turn(0, step: $0)) } == [1, 0, 1])
    #expect((0..<3).allSatisfy { map.owner(of: 1, token: $0, turn: 1) == 2 })
  }
}

@Suite(.serialized) struct `A group that balances its load` {
  private func shape(_ world: Int, chunk: Int = 4) throws -> ExchangeShape {
    try ExchangeShape(world: world, hidden: 5, topK: 3, experts: 10, layers: 2, chunk: chunk)
  }

  private func settings(window: Int = 1000, interval: Int, redundant: Int = 0) -> LoadBalancing {
    var settings = LoadBalancing()
    (settings.windowSize, settings.stepInterval, settings.redundantExperts) = (window, interval, redundant)
    return settings
  }

  @Test func `moves experts after a quarter of the interval, then after each whole one`() throws {
    var balancer = ExpertBalancer(settings(interval: 8), try shape(2))
    let due = (1...20).filter { _ in balancer.beginStep() }
    #expect(due == [3, 11, 19])
    balancer.restart()
    #expect((1...12).filter { _ in balancer.beginStep() } == [3, 11])
  }

  @Test func `counts the load of the window's steps only`() throws {
    var balancer = ExpertBalancer(settings(window: 3, interval: 8), try shape(2))
    var rows = [UInt64](repeating: 0, count: 10)
    for step in 1...10 {
      if balancer.beginStep() { balancer.clear() }
      rows[4] = UInt64(1) << UInt64(step)
      balancer.add(rows, layer: 1)
    }
    // The interval that began with step 3 ends before step 11: steps 8, 9 and 10 count.
    #expect(balancer.loads(layer: 1)[4] == 1 << 8 + 1 << 9 + 1 << 10)
    #expect(balancer.loads(layer: 0).allSatisfy { $0 == 0 })
  }

  /// What one rank saw: its outputs' rightness, the maps of each step, the rows it computed.
  private struct Trace: Sendable {
    var wrong = 0
    var maps: [[ExpertMap]] = []
    var routed: UInt64 = 0
    var computed: UInt64 = 0
    var rebalancings: UInt64 = 0
    var reports = 0
    var balancedness: Double?
  }

  /// Steps in which the tokens crowd on few experts and rank 1 has none.
  private func run(_ shape: ExchangeShape, _ settings: LoadBalancing?, steps: Int, seed: UInt64) throws
    -> [Trace]
  {
    let segment = try GroupControl.makeSegment()
    let results = try runThreads(shape.world, segment) { rank, segment throws(ExpertParallelError) in
      let control = try GroupControl(
        segment: segment, rank: rank, shape: shape, epoch: 1, balancing: settings, until: .after(.seconds(30))
      )
      let group = try ExpertGroup(control, policy: WaitPolicy(spins: 0, yields: 50))
      try group.join(until: .after(.seconds(30)))
      var trace = Trace()
      group.reportRebalancing = { _ in trace.reports += 1 }
      var random = SplitMix(seed: seed &+ UInt64(rank))
      for _ in 0..<steps {
        let count = rank == 1 ? 0 : Int.random(in: 1...9, using: &random)
        let sets = (0..<shape.layers).map { _ in crowded(count, shape, &random) }
        let outputs = try group.runStep(sets)
        for layer in 0..<shape.layers where count > 0 {
          let expected = sets[layer].expected(layer: layer, shape)
          if outputs[layer].map(\.bitPattern) != expected.map(\.bitPattern) { trace.wrong += 1 }
        }
        trace.maps.append(group.maps)
      }
      trace.routed = group.counters.rowsRouted
      trace.computed = group.counters.rowsComputed
      trace.rebalancings = control.balance.rebalancings
      trace.balancedness = control.balance.balancedness(layer: 0)
      return trace
    }
    return try results.map { try $0.get() }
  }

  @Test(arguments: [(3, 2), (2, 0), (4, 10)])
  func `gives the same bits, computes each pair once, and agrees on every map`(world: Int, redundant: Int)
    throws
  {
    let seed = UInt64.random(in: 0 ... .max)
    let traces = try run(
      shape(world), settings(window: 5, interval: 8, redundant: redundant), steps: 60, seed: seed)
    #expect(traces.map(\.wrong) == Array(repeating: 0, count: world), "seed \(seed)")
    #expect(traces.allSatisfy { $0.maps == traces[0].maps }, "seed \(seed)")
    #expect(Set(traces[0].maps).count > 1, "no expert ever moved; seed \(seed)")
    #expect(traces.reduce(0) { $0 + $1.routed } == traces.reduce(0) { $0 + $1.computed }, "seed \(seed)")
    // Before steps 3, 11, 19, 27, 35, 43, 51 and 59.
    #expect(traces.map(\.rebalancings) == Array(repeating: 8, count: world))
    #expect(traces.map(\.reports) == [8] + Array(repeating: 0, count: world - 1))
  }

  @Test func `is more even than one that does not`() throws {
    let still = try run(shape(4), nil, steps: 150, seed: 5)
    let balanced = try run(shape(4), settings(interval: 80, redundant: 6), steps: 150, seed: 5)
    #expect(still.allSatisfy { $0.rebalancings == 0 && Set($0.maps).count == 1 })
    let (before, after) = (still[0].balancedness ?? 0, balanced[0].balancedness ?? 0)
    #expect(before < 0.6 && after > 0.85, "\(before), then \(after)")
    #expect(balanced.allSatisfy { $0.balancedness == after })
  }

  @Test func `cannot have a number of experts that does not divide by its ranks`() throws {
    #expect {
      try GroupControl(
        segment: GroupControl.makeSegment(), rank: 0, shape: shape(4), epoch: 1,
        balancing: settings(interval: 9),
        until: .now)
    } throws: { "\($0)".hasSuffix("must divide by data_parallel_size 4: set it to 2") }
    #expect(settings(interval: 9, redundant: 31).objection(to: try shape(1))?.contains("room for 0") == true)
  }

  @Test func `refuses a rank that was told to balance otherwise`() throws {
    let segment = try GroupControl.makeSegment()
    let (shape, mine, other) = (try shape(2), settings(interval: 8), settings(interval: 9))
    let results = try runThreads(2, segment) { rank, segment throws(ExpertParallelError) in
      _ = try GroupControl(
        segment: segment, rank: rank, shape: shape, epoch: 1, balancing: rank == 0 ? mine : other,
        until: .after(.seconds(30)))
    }
    #expect(results[0].failure == nil && results[1].failure == .termsMismatch(rank: 1))
  }
}

/// Tokens of which most choose expert 0 and all choose among few.
private func crowded(_ count: Int, _ shape: ExchangeShape, _ random: inout SplitMix) -> TokenSet {
  var tokens = TokenSet(count: count, shape, &random)
  tokens.ids = (0..<count).flatMap { _ -> [Int32] in
    let others = Array((Int32(1)...4).shuffled(using: &random).prefix(shape.topK - 1))
    return ([0] + others).shuffled(using: &random)
  }
  return tokens
}
