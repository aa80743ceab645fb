import Platform
import Randomness
import Testing

@testable import ExpertParallel

@Suite(.serialized) struct `A transport` {
  private static let backends: [ExchangeBackend?] = [nil] + ExchangeBackend.allCases.map { $0 }
  /// Four ranks, two on each of two nodes.
  private static let nodes = [0, 0, 1, 1]

  private func sets(_ shape: ExchangeShape, _ counts: [Int], _ random: inout SplitMix) -> [[TokenSet]] {
    counts.map { count in (0..<shape.layers).map { _ in TokenSet(count: count, shape, &random) } }
  }

  @Test(arguments: backends) func `gives the same bits, whatever it copies`(backend: ExchangeBackend?) throws
  {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix(seed: seed)
    let shape = try ExchangeShape(world: 4, hidden: 9, topK: 3, experts: 10, layers: 2, chunk: 8)
    let sets = sets(shape, [5, 0, 21, 16], &random)
    let link = Link(latencyNanoseconds: 100_000, gigabitsPerSecond: 10)
    let transport = Transport(
      backend: backend, links: LinkModel(nodes: Self.nodes, betweenNodes: .up(link)))
    let outputs = try runRanks(shape, transport: transport) { group throws(ExpertParallelError) in
      try group.runStep(sets[group.control.rank]) + group.runStep(sets[group.control.rank])
    }
    for rank in 0..<4 {
      let output = try outputs[rank].get()
      for layer in 0..<4 {
        let expected = sets[rank][layer % 2].expected(layer: layer % 2, shape)
        #expect(output[layer].map(\.bitPattern) == expected.map(\.bitPattern), "rank \(rank), seed \(seed)")
      }
    }
  }

  /// Bytes that 20 tokens of each of four ranks travel, by backend, counted from the routing alone.
  @Test(arguments: backends) func `counts what it moves within and between nodes`(
    backend: ExchangeBackend?
  ) throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix(seed: seed)
    let shape = try ExchangeShape(world: 4, hidden: 4, topK: 4, experts: 8, layers: 1, chunk: 32)
    let sets = sets(shape, [20, 20, 20, 20], &random)
    let transport = Transport(backend: backend, links: LinkModel(nodes: Self.nodes))
    let results = try runRanks(shape, transport: transport) { group throws(ExpertParallelError) in
      _ = try group.runStep(sets[group.control.rank])
      return group.counters
    }
    let counters = try results.map { try $0.get() }
    var (pairs, farPairs, copies, farCopies) = (0, 0, 0, 0)
    for rank in 0..<4 {
      for token in 0..<20 {
        let owners = sets[rank][0].ids[(token * 4)..<(token * 4 + 4)].map { Int($0) / 2 }
        pairs += owners.count { $0 != rank }
        farPairs += owners.count { $0 / 2 != rank / 2 }
        copies += Set(owners).subtracting([rank]).count
        farCopies += owners.contains { $0 / 2 != rank / 2 } ? 1 : 0
      }
    }
    let expected =
      switch backend {
      case .naive, .allGather: (all: 80 * 3, between: 80 * 2)
      case .highThroughput: (all: copies, between: farCopies)
      case .lowLatency, nil: (all: pairs, between: farPairs)
      }
    func sum(_ path: KeyPath<ExchangeCounters, UInt64>) -> Int {
      counters.reduce(0) { $0 + Int($1[keyPath: path]) } / 16
    }
    #expect(sum(\.bytesDispatched) == expected.all, "seed \(seed)")
    #expect(sum(\.bytesPulled) == expected.all)
    #expect(sum(\.bytesDispatchedBetweenNodes) == expected.between)
    #expect(sum(\.bytesPulledBetweenNodes) == expected.between)
    #expect(sum(\.bytesCombined) == pairs)
    #expect(sum(\.bytesCombinedBetweenNodes) == farPairs)
  }

  @Test func `takes the time of its links, and only of those that rows cross`() throws {
    var random = SplitMix(seed: 8)
    let shape = try ExchangeShape(world: 4, hidden: 4, topK: 2, experts: 8, layers: 1, chunk: 8)
    var sets = sets(shape, [1, 1, 1, 1], &random)
    // Ranks 0 and 1 ask the neighbour, 2 and 3 the other node.
    for (rank, experts) in [[2, 3], [0, 1], [0, 2], [1, 3]].enumerated() {
      sets[rank][0].ids = experts.map { Int32($0) }
    }
    let asked = sets
    let link = Link(latencyNanoseconds: 20_000_000)
    let transport = Transport(links: LinkModel(nodes: Self.nodes, pairs: [NodePair(0, 1): .up(link)]))
    let results = try runRanks(shape, transport: transport) { group throws(ExpertParallelError) in
      let begin = Instant.now
      _ = try group.runStep(asked[group.control.rank])
      return (Instant.now - begin, group.counters, Processor.threadNanoseconds)
    }
    // The owners 0 and 1 wait for the rows of the other node, whose ranks then wait for what is returned.
    for rank in 2..<4 {
      let (time, counters, processor) = try results[rank].get()
      #expect(time >= .milliseconds(40) && counters.linkNanoseconds > 0)
      #expect(processor < 15_000_000, "it sleeps: \(processor) ns of processor time")
    }
    let (near, counters, _) = try results[0].get()
    #expect(near >= .milliseconds(20) && counters.bytesCombinedBetweenNodes == 0)
  }

  @Test func `says which link is down, at the start and in a step`() throws {
    let links = LinkModel(nodes: Self.nodes, pairs: [NodePair(1, 0): .down])
    let error = ExpertParallelError.linkDown(from: 0, to: 2, nodes: NodePair(0, 1))
    #expect(error.description == "link 0-1 is down: nothing passes between ranks 0 and 2")
    #expect(links.objection == "\(error); mend cluster.links or place the group elsewhere")
    #expect(LinkModel(nodes: [0, 0], betweenNodes: .down).objection == nil)
    let shape = try ExchangeShape(world: 4, hidden: 4, topK: 2, experts: 8, layers: 1, chunk: 8)
    var random = SplitMix(seed: 9)
    var sets = sets(shape, [1, 0, 0, 0], &random)
    sets[0][0].ids = [0, 4]
    let asked = sets
    let results = try runRanks(shape, timeout: .milliseconds(200), transport: Transport(links: links)) {
      group throws(ExpertParallelError) in
      _ = try group.runStep(asked[group.control.rank])
    }
    // Rank 2 owns expert 4, which rank 0 asks for, and rank 0 then waits in vain.
    #expect(results[2].failure == error)
    #expect(results[0].failure != nil && results[1].failure == nil && results[3].failure == nil)
  }

  @Test func `is refused unless all ranks have the same`() throws {
    let shape = try ExchangeShape(world: 2, hidden: 4, topK: 2, experts: 4, layers: 1)
    let results = try runThreads(2, try GroupControl.makeSegment()) {
      rank, segment throws(ExpertParallelError) in
      _ = try GroupControl(
        segment: segment, rank: rank, shape: shape, epoch: 1,
        transport: Transport(backend: rank == 0 ? .naive : .lowLatency), until: .after(.seconds(30)))
    }
    #expect(results[0].failure == nil && results[1].failure == .termsMismatch(rank: 1))
  }

  @Test func `computes the time on a link from latency and size`() {
    #expect(Link(latencyNanoseconds: 5000).travel(bytes: 1 << 20) == 5000)
    #expect(Link(latencyNanoseconds: 5000, gigabitsPerSecond: 8).travel(bytes: 1000) == 6000)
  }
}
