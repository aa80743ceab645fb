import Platform
import Randomness
import Testing

@testable import ExpertParallel

@Suite(.serialized) struct `An exchange` {
  /// Random tokens of `world` ranks by `[rank][layer]`.
  private func tokens(
    _ counts: [Int], _ shape: ExchangeShape, _ random: inout SplitMix
  ) -> [[TokenSet]] {
    counts.map { count in (0..<shape.layers).map { _ in TokenSet(count: count, shape, &random) } }
  }

  @Test(arguments: [1, 2, 3, 4, 7], [1, 3, 16, 64])
  func `gives the same bits as a direct computation for any number of ranks and any chunk`(
    world: Int, chunk: Int
  ) throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix(seed: seed)
    let shape = try ExchangeShape(world: world, hidden: 9, topK: 3, experts: 10, layers: 2, chunk: chunk)
    let counts = (0..<world).map { _ in Int.random(in: 0...40, using: &random) }
    let sets = tokens(counts, shape, &random)
    let outputs = try runRanks(shape) { group throws(ExpertParallelError) in
      try group.runStep(sets[group.control.rank])
    }
    for rank in 0..<world {
      let output = try outputs[rank].get()
      for layer in 0..<shape.layers {
        let expected = sets[rank][layer].expected(layer: layer, shape)
        #expect(output[layer].map(\.bitPattern) == expected.map(\.bitPattern), "rank \(rank), seed \(seed)")
      }
    }
  }

  @Test func `computes every token, layer and expert once, by its owner, and counts what it moves`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix(seed: seed)
    let shape = try ExchangeShape(world: 4, hidden: 8, topK: 4, experts: 14, layers: 3, chunk: 16)
    let sets = tokens([5, 0, 40, 17], shape, &random)
    let results = try runRanks(shape) { group throws(ExpertParallelError) in
      _ = try group.runStep(sets[group.control.rank])
      return group.counters
    }
    let counters = try results.map { try $0.get() }
    let placement = ExpertPlacement.linear(experts: 14, world: 4)
    var remote: UInt64 = 0
    for layer in 0..<3 {
      for expert in 0..<14 {
        let index = layer * 14 + expert
        let owner = placement.owner(of: expert)
        let routed = (0..<4).map { rank in sets[rank][layer].ids.count { $0 == Int32(expert) } }
        for rank in 0..<4 {
          #expect(counters[rank].routed[index] == UInt64(routed[rank]), "seed \(seed)")
          #expect(counters[rank].computed[index] == (rank == owner ? UInt64(routed.reduce(0, +)) : 0))
          if rank != owner { remote += UInt64(routed[rank]) }
        }
      }
    }
    #expect(counters.reduce(0) { $0 + $1.rowsComputed } == UInt64((5 + 40 + 17) * 4 * 3))
    #expect(counters.reduce(0) { $0 + $1.bytesDispatched } == remote * 8 * 4)
    #expect(counters.reduce(0) { $0 + $1.bytesPulled } == remote * 8 * 4)
    #expect(counters.reduce(0) { $0 + $1.bytesCombined } == remote * 8 * 4)
    #expect(counters.map(\.exchanges) == [9, 9, 9, 9])
    #expect(counters.map(\.dummySteps) == [0, 1, 0, 0])
  }

  @Test func `works when all tokens choose the experts of one rank`() throws {
    var random = SplitMix(seed: 1)
    let shape = try ExchangeShape(world: 4, hidden: 4, topK: 2, experts: 8, layers: 1, chunk: 8)
    var sets = tokens([20, 20, 20, 20], shape, &random)
    for rank in 0..<4 { sets[rank][0].ids = (0..<40).map { Int32(4 + $0 % 2) } }
    let crowded = sets
    let outputs = try runRanks(shape) { group throws(ExpertParallelError) in
      try group.runStep(crowded[group.control.rank])
    }
    for rank in 0..<4 {
      let output = try outputs[rank].get()
      #expect(output[0] == crowded[rank][0].expected(layer: 0, shape))
    }
  }

  @Test func `works with more ranks than experts`() throws {
    var random = SplitMix(seed: 2)
    let shape = try ExchangeShape(world: 6, hidden: 4, topK: 2, experts: 3, layers: 1, chunk: 4)
    let sets = tokens([3, 1, 4, 1, 5, 9], shape, &random)
    let outputs = try runRanks(shape) { group throws(ExpertParallelError) in
      try group.runStep(sets[group.control.rank])
    }
    for rank in 0..<6 {
      let output = try outputs[rank].get()
      #expect(output[0] == sets[rank][0].expected(layer: 0, shape))
    }
  }

  @Test func `gives the same bits under another placement`() throws {
    var random = SplitMix(seed: 3)
    let shape = try ExchangeShape(world: 2, hidden: 5, topK: 2, experts: 6, layers: 1, chunk: 4)
    let sets = tokens([7, 5], shape, &random)
    let segment = try GroupControl.makeSegment()
    let outputs = try runThreads(2, segment) { rank, segment throws(ExpertParallelError) in
      let mixed = ExpertPlacement(owners: [1, 0, 0, 1, 0, 1], world: 2)
      let control = try GroupControl(
        segment: segment, rank: rank, shape: shape, epoch: 1, placement: mixed, until: .after(.seconds(30)))
      let group = try ExpertGroup(control)
      try group.join(until: .after(.seconds(30)))
      return try group.runStep(sets[rank])
    }
    for rank in 0..<2 {
      let output = try outputs[rank].get()
      #expect(output[0] == sets[rank][0].expected(layer: 0, shape))
    }
  }

  @Test func `stays right over ten thousand steps of random sizes, pauses among them`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    let shape = try ExchangeShape(world: 3, hidden: 2, topK: 2, experts: 5, layers: 1, chunk: 4)
    let results = try runRanks(shape, yields: 200) { group throws(ExpertParallelError) in
      try soak(group, steps: 10_000, seed: seed)
    }
    for result in results { #expect(try result.get() == 0, "wrong outputs; seed \(seed)") }
  }
}

/// Steps with random token counts; returns how many outputs were wrong.
private func soak(_ group: ExpertGroup, steps: Int, seed: UInt64) throws(ExpertParallelError) -> Int {
  let rank = group.control.rank
  var random = SplitMix(seed: seed &+ UInt64(rank))
  var wrong = 0
  for step in 0..<steps {
    let busy = Int.random(in: 0..<4, using: &random) != 0
    let count = busy ? Int.random(in: 0...11, using: &random) : 0
    let decision = try group.agree(StepIntent(tokens: count, unfinished: busy))
    if decision.kind == .pause {
      // All ranks wake the group at once: one new wave must come of it.
      group.control.wake()
      try group.pause()
      continue
    }
    guard decision.chunks > 0 else { continue }
    let tokens = TokenSet(count: count, group.control.shape, &random)
    let output = try group.exchange(layer: 0, tokens)
    if step % 10 == 0, output != tokens.expected(layer: 0, group.control.shape) { wrong += 1 }
  }
  return wrong
}
