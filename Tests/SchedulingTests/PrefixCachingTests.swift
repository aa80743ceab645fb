import Testing

@testable import Scheduling

@Suite struct `Prefix caching` {
  private func cached(blocks: Int = 64) throws -> Scheduler {
    var limits = configuration(blockSize: 4, blocks: blocks)
    limits.enablePrefixCaching = true
    return try Scheduler(limits)
  }

  @Test func `gives the full blocks of an equal prefix back, but always computes the last token`() throws {
    var scheduler = try cached()
    try scheduler.add(request(1, prompt: 12, new: 1))
    let first = scheduler.step().plan
    try scheduler.add(request(2, prompt: 12, new: 1))
    let second = scheduler.schedule()
    #expect(second.entries[0].positions == 8..<12)
    #expect(second.entries[0].blockTable.prefix(2) == first.entries[0].blockTable.prefix(2))
    #expect(scheduler.counters.prefixQueries == 24)
    #expect(scheduler.counters.prefixHits == 8)
  }

  @Test func `shares blocks between two that run, and frees them with the last`() throws {
    var scheduler = try cached()
    try scheduler.add(request(1, prompt: 9))
    _ = scheduler.step()
    try scheduler.add(request(2, prompt: 9))
    let plan = scheduler.step().plan
    let shared = plan.entries[1].blockTable[0]
    #expect(plan.entries[0].blockTable[0] == shared)
    scheduler.finish(RequestID(1))
    #expect(scheduler.pool.holders(of: shared) == 1)
    #expect(scheduler.ownershipFault == nil)
    scheduler.finish(RequestID(2))
    #expect(scheduler.counters.blocksUsed == 0)
  }

  @Test func `never mixes different tokens, different histories, different salts or different adapters`()
    throws
  {
    var scheduler = try cached()
    try scheduler.add(request(1, prompt: 12, new: 1))
    _ = scheduler.step()
    let others = [
      GenerationRequest(id: RequestID(2), prompt: [99, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
      GenerationRequest(id: RequestID(3), prompt: [4, 5, 6, 7, 8, 9, 10, 11, 12]),
      GenerationRequest(
        id: RequestID(4), prompt: (0..<12).map(Int32.init), prefixScope: PrefixScope(salt: "a")),
      GenerationRequest(
        id: RequestID(5), prompt: (0..<12).map(Int32.init), prefixScope: PrefixScope(adapter: "a")),
    ]
    for other in others { try scheduler.add(other) }
    #expect(scheduler.schedule().entries.allSatisfy { $0.positions.lowerBound == 0 })
  }

  @Test func `forgets a block that was taken for something else, the tail of the oldest first`() throws {
    var limits = configuration(modelLength: 32, blockSize: 4, blocks: 8)
    limits.enablePrefixCaching = true
    var scheduler = try Scheduler(limits)
    try scheduler.add(request(1, prompt: 16, new: 1))
    _ = scheduler.step()
    #expect(scheduler.pool.cachedCount == 4)
    // Four blocks were never used; two of the four remembered ones go as well.
    try scheduler.add(request(2, prompt: 24, new: 1, first: 500))
    _ = scheduler.step()
    try scheduler.add(request(3, prompt: 16, new: 1))
    #expect(scheduler.schedule().entries[0].positions == 8..<16)
  }

  @Test func `makes the recomputation of a preempted request cheap`() throws {
    var limits = configuration(budget: 32, modelLength: 32, blockSize: 4, blocks: 9)
    limits.enablePrefixCaching = true
    limits.watermark = 0
    var scheduler = try Scheduler(limits)
    try scheduler.add(request(1, prompt: 16, new: 5))
    try scheduler.add(request(2, prompt: 16, new: 16, first: 100))
    var chunk: Range<Int>?
    while scheduler.hasUnfinished {
      let plan = scheduler.step().plan
      if plan.admitted == [RequestID(2)] { chunk = plan.entries.last?.positions }
    }
    #expect(scheduler.counters.preemptions == 1)
    #expect(chunk?.lowerBound == 16)
    #expect(scheduler.counters.prefixQueries == 32)
  }
}
