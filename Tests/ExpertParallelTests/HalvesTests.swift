import Randomness
import Testing

@testable import ExpertParallel

@Suite(.serialized) struct `Two half-batches` {
  @Test(arguments: [1, 3, 16], [nil, ExchangeBackend.naive, .highThroughput, .lowLatency])
  func `give the same bits as one batch, in any number of chunks`(
    chunk: Int, backend: ExchangeBackend?
  ) throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix(seed: seed)
    let shape = try ExchangeShape(
      world: 3, hidden: 5, topK: 3, experts: 7, layers: 3, chunk: chunk, halves: 2)
    let counts = [9, 2, 22]
    let sets = counts.map { count in (0..<3).map { _ in TokenSet(count: count, shape, &random) } }
    let links = LinkModel(nodes: [0, 1, 1], betweenNodes: .up(Link(latencyNanoseconds: 200_000)))
    let outputs = try runRanks(shape, transport: Transport(backend: backend, links: links)) {
      group throws(ExpertParallelError) in
      try (0..<4).map { _ throws(ExpertParallelError) in
        try group.runHalves(sets[group.control.rank])
      }
    }
    for rank in 0..<3 {
      for output in try outputs[rank].get() {
        for layer in 0..<3 {
          let expected = sets[rank][layer].expected(layer: layer, shape)
          #expect(
            output[layer].map(\.bitPattern) == expected.map(\.bitPattern), "rank \(rank), seed \(seed)")
        }
      }
    }
  }

  @Test func `run only when all ranks want them, and every rank counts why not`() throws {
    let shape = try ExchangeShape(world: 2, hidden: 4, topK: 2, experts: 4, layers: 1, halves: 2)
    let results = try runRanks(shape) { group throws(ExpertParallelError) in
      let rank = group.control.rank
      let wishes = [[true, true], [true, false], [false, false], [true, true]]
      var decisions: [Bool] = []
      for wish in wishes {
        decisions.append(
          try group.agree(StepIntent(tokens: 4, unfinished: true, wantsOverlap: wish[rank])).overlaps)
      }
      return (decisions, group.counters)
    }
    for (rank, result) in results.enumerated() {
      let (decisions, counters) = try result.get()
      #expect(decisions == [true, false, false, true])
      #expect(counters.overlappedSteps == 2)
      #expect(counters.stepsVetoed == (rank == 0 ? 1 : 0))
      #expect(counters.stepsBelowThreshold == (rank == 0 ? 1 : 2))
    }
    #expect(!StepDecision([StepIntent(tokens: 1, wantsOverlap: true)], chunk: 8).overlaps)
    let even = StepIntent(tokens: 33, wantsOverlap: true)
    #expect(StepDecision([even], chunk: 8).chunks == 3)
  }

  @Test func `need a second set of buffers`() throws {
    func bytes(_ halves: Int) throws -> Int {
      try ExchangeShape(world: 2, hidden: 64, topK: 2, experts: 8, layers: 1, halves: halves).segmentBytes
        - SegmentLayout.controlBytes
    }
    #expect(try bytes(2) == 2 * bytes(1))
  }
}

extension ExpertGroup {
  /// A step whose layers' tokens travel as two halves, in the order of the engine.
  fileprivate func runHalves(_ layers: [TokenSet]) throws(ExpertParallelError) -> [[Float]] {
    let count = layers.first?.count ?? 0
    let decision = try agree(StepIntent(tokens: count, unfinished: true, wantsOverlap: true))
    precondition(decision.overlaps)
    let hidden = control.shape.hidden
    let topK = control.shape.topK
    let split = (count + 1) / 2
    var outputs: [[Float]] = []
    for (layer, set) in layers.enumerated() {
      let rows = Pinned(set.rows)
      let ids = Pinned(set.ids)
      let weights = Pinned(set.weights)
      let output = Pinned([Float](repeating: .nan, count: set.rows.count))
      let starts = [0, split]
      for half in 0..<2 {
        try dispatch(
          layer: layer, half: half,
          RoutedTokens(
            count: half == 0 ? split : count - split, rows: rows.base + starts[half] * hidden,
            ids: ids.base + starts[half] * topK, weights: weights.base + starts[half] * topK))
      }
      for half in 0..<2 {
        try serve(half: half, output: output.base + starts[half] * hidden) { expert, count, input, output in
          toyExpert(layer: layer, expert: expert, count: count, hidden: hidden, input: input, output: output)
        }
      }
      for half in 0..<2 { try combine(half: half, output: output.base + starts[half] * hidden) }
      outputs.append(output.elements)
    }
    return outputs
  }
}

/// Elements that stay where they are.
private final class Pinned<Element> {
  let base: UnsafeMutablePointer<Element>
  private let count: Int

  init(_ elements: [Element]) {
    count = elements.count
    base = .allocate(capacity: max(1, count))
    base.initialize(from: elements, count: count)
  }

  deinit { base.deallocate() }

  var elements: [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }
}
