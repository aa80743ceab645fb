import Glibc
import Platform
import Randomness
import Testing

@testable import ExpertParallel

@Suite struct `The sizes of a group` {
  @Test func `linear placement gives the first ranks one more expert`() {
    #expect(
      ExpertPlacement.linear(experts: 10, world: 4).expertsOfRank == [
        [0, 1, 2], [3, 4, 5], [6, 7], [8, 9],
      ])
    #expect(ExpertPlacement.linear(experts: 16, world: 16).owners == Array(0..<16))
    #expect(ExpertPlacement.linear(experts: 2, world: 3).expertsOfRank == [[0], [1], []])
  }

  @Test func `round-robin placement deals the experts out to those who form the group`() throws {
    #expect(
      ExpertPlacement.roundRobin(experts: 10, world: 4).expertsOfRank == [
        [0, 4, 8], [1, 5, 9], [2, 6], [3, 7],
      ])
    let shape = try ExchangeShape(world: 6, founders: 4, hidden: 4, topK: 1, experts: 10, layers: 1)
    #expect(ExpertPlacement.initial(.roundRobin, shape).expertsOfRank.map(\.count) == [3, 3, 2, 2, 0, 0])
    #expect(
      ExpertPlacement.initial(.linear, shape).owners == ExpertPlacement.linear(experts: 10, world: 4).owners)
  }

  @Test func `experts of absent ranks go to those who have fewest, and come back to their own`() {
    let home = ExpertPlacement.linear(experts: 10, world: 4)
    #expect(home.spread(over: [0, 1, 2, 3]) == home)
    let without = home.spread(over: [1, 2, 3])
    #expect(without.expertsOfRank[0].isEmpty && without.expertsOfRank.map(\.count).max() == 4)
    #expect((0..<10).allSatisfy { home.owner(of: $0) == 0 || home.owner(of: $0) == without.owner(of: $0) })
    #expect(home.spread(over: [2]).expertsOfRank[2] == Array(0..<10))
  }

  @Test func `ranks that join a group get their share from those who have most`() throws {
    let shape = try ExchangeShape(world: 8, founders: 3, hidden: 4, topK: 1, experts: 12, layers: 1)
    let home = ExpertPlacement.initial(.linear, shape)
    #expect(home.spread(over: [0, 1, 2, 3]).expertsOfRank.map(\.count) == [3, 3, 3, 3, 0, 0, 0, 0])
    #expect(home.spread(over: [0, 2, 6]).expertsOfRank.map(\.count) == [4, 0, 4, 0, 0, 0, 4, 0])
    #expect(home.spread(over: [5]).expertsOfRank[5].count == 12)
    let grown = home.spread(over: [0, 1, 2, 3])
    #expect((0..<12).allSatisfy { grown.owner(of: $0) == 3 || grown.owner(of: $0) == home.owner(of: $0) })
  }

  @Test func `a placement that gives a rank too many experts is an error`() throws {
    let shape = try ExchangeShape(world: 2, hidden: 4, topK: 1, experts: 4, layers: 1)
    for owners in [[0, 0, 0, 1], [0, 1, 0]] {
      let placement = ExpertPlacement(owners: owners, world: 2)
      #expect(throws: ExpertParallelError.self) {
        try GroupControl(
          segment: GroupControl.makeSegment(), rank: 0, shape: shape, epoch: 1, placement: placement,
          until: .now)
      }
    }
  }

  @Test(arguments: [(0, 8, 2, 4), (65, 8, 2, 4), (2, 0, 2, 4), (2, 8, 0, 4), (2, 8, 5, 4), (2, 8, 2, 0)])
  func `impossible sizes are errors`(world: Int, hidden: Int, topK: Int, experts: Int) {
    #expect(throws: ExpertParallelError.self) {
      try ExchangeShape(world: world, hidden: hidden, topK: topK, experts: experts, layers: 1)
    }
  }

  @Test func `sixteen ranks reserve room for the worst, of which a decoding group touches little`() throws {
    let shape = try ExchangeShape(world: 16, hidden: 192, topK: 4, experts: 16, layers: 1)
    #expect(shape.segmentBytes < 256 << 20)
    let segment = try GroupControl.makeSegment()
    let raw = segment.descriptor.raw
    let results = try runThreads(16, segment) { rank, segment throws(ExpertParallelError) in
      let control = try GroupControl(
        segment: segment, rank: rank, shape: shape, epoch: 1, until: .after(.seconds(30)))
      let group = try ExpertGroup(control, policy: WaitPolicy(spins: 0, yields: 20))
      try group.join(until: .after(.seconds(30)))
      var random = SplitMix(seed: UInt64(rank))
      for _ in 0..<4 { _ = try group.runStep([TokenSet(count: 2, shape, &random)]) }
    }
    for result in results { try result.get() }
    var status = stat()
    try #require(fstat(raw, &status) == 0)
    #expect(status.st_size == shape.segmentBytes)
    #expect(status.st_blocks * 512 < 2 << 20, "\(status.st_blocks * 512) bytes touched")
  }
}
