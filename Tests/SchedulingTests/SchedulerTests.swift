import Scheduling
import Testing

@Suite struct `A schedule` {
  @Test func `computes a prompt in one step and then a token a step`() throws {
    var scheduler = try Scheduler(configuration())
    try scheduler.add(request(1, prompt: 10, new: 3))
    let prefill = scheduler.schedule()
    #expect(prefill.tokens == (0..<10).map(Int32.init))
    #expect(prefill.entries.map(\.positions) == [0..<10])
    #expect(prefill.entries[0].samples)
    #expect(scheduler.commit(prefill, sampled: [42]).isEmpty)
    let decode = scheduler.schedule()
    #expect(decode.tokens == [42])
    #expect(decode.entries.map(\.positions) == [10..<11])
    #expect(scheduler.commit(decode, sampled: [43]).isEmpty)
    #expect(scheduler.step().finished == [RequestID(1)])
    #expect(!scheduler.hasUnfinished)
    #expect(scheduler.counters.blocksUsed == 0)
  }

  @Test func `cuts a long prompt into chunks of the budget, of which the last one samples`() throws {
    var scheduler = try Scheduler(configuration(budget: 16))
    try scheduler.add(request(1, prompt: 40))
    let plans = (0..<3).map { _ in scheduler.step().plan }
    #expect(plans.map(\.tokens.count) == [16, 16, 8])
    #expect(plans.map { $0.entries[0].samples } == [false, false, true])
    #expect(plans.flatMap(\.tokens) == (0..<40).map(Int32.init))
  }

  @Test func `begins nothing in a step that admits nobody, and goes on with what runs`() throws {
    var scheduler = try Scheduler(configuration())
    try scheduler.add(request(1, prompt: 4))
    let begun = scheduler.schedule()
    _ = scheduler.commit(begun, sampled: [9])
    try scheduler.add(request(2, prompt: 4))
    let closed = scheduler.schedule(admits: false)
    #expect(closed.entries.map(\.id) == [RequestID(1)] && closed.admitted.isEmpty)
    #expect(scheduler.hasUnfinished)
    #expect(scheduler.schedule().admitted == [RequestID(2)])
  }

  @Test func `serves running requests before waiting ones`() throws {
    var scheduler = try Scheduler(configuration(budget: 16))
    try scheduler.add(request(1, prompt: 4))
    _ = scheduler.step()
    try scheduler.add(request(2, prompt: 40))
    let plan = scheduler.schedule()
    #expect(plan.entries.map(\.id) == [RequestID(1), RequestID(2)])
    #expect(plan.entries.map(\.rows) == [0..<1, 1..<16])
  }

  @Test func `runs no more sequences than allowed`() throws {
    var scheduler = try Scheduler(configuration(sequences: 2))
    for id in 1...3 as ClosedRange<UInt64> { try scheduler.add(request(id, prompt: 2, new: 2)) }
    #expect(scheduler.step().plan.entries.count == 2)
    #expect(scheduler.counters.waiting == 1)
    _ = scheduler.step()
    #expect(scheduler.step().plan.entries.map(\.id) == [RequestID(3)])
  }

  @Test
  func `takes blocks from the latest request when they run out and recomputes it with its output`() throws {
    var limits = configuration(budget: 32, modelLength: 32, blockSize: 4, blocks: 9)
    limits.watermark = 0
    var scheduler = try Scheduler(limits)
    try scheduler.add(request(1, prompt: 16, new: 16))
    try scheduler.add(request(2, prompt: 16, new: 16, first: 100))
    var preempted: [RequestID] = []
    var finished: [RequestID] = []
    var recomputed: [Int32] = []
    for step in 0..<64 where scheduler.hasUnfinished {
      let plan = scheduler.schedule()
      preempted += plan.preempted
      if plan.admitted == [RequestID(2)], step > 0 { recomputed = plan.tokens }
      finished += scheduler.commit(
        plan, sampled: plan.samplingEntries.map { 1000 + Int32($0.positions.upperBound) })
    }
    #expect(preempted == [RequestID(2)])
    #expect(finished == [RequestID(1), RequestID(2)])
    #expect(recomputed == (100..<116).map(Int32.init) + [1016])
    #expect(scheduler.counters.preemptions == 1)
  }

  @Test func `leaves the watermark free while anything runs`() throws {
    var limits = configuration(modelLength: 40, blockSize: 4, blocks: 10)
    limits.watermark = 0.3
    var scheduler = try Scheduler(limits)
    try scheduler.add(request(1, prompt: 16))
    try scheduler.add(request(2, prompt: 16))
    #expect(scheduler.step().plan.admitted == [RequestID(1)])
    #expect(scheduler.step().plan.admitted.isEmpty)
    scheduler.abort(RequestID(1))
    #expect(scheduler.step().plan.admitted == [RequestID(2)])
  }

  @Test func `does not let a short request overtake the one that waits for blocks`() throws {
    var scheduler = try Scheduler(configuration(modelLength: 60, blockSize: 4, blocks: 16))
    try scheduler.add(request(1, prompt: 32))
    _ = scheduler.step()
    try scheduler.add(request(2, prompt: 40))
    try scheduler.add(request(3, prompt: 1))
    #expect(scheduler.step().plan.admitted.isEmpty)
    scheduler.finish(RequestID(1))
    #expect(scheduler.step().plan.admitted == [RequestID(2), RequestID(3)])
  }

  @Test func `passes over a request that ended between plan and commit`() throws {
    var scheduler = try Scheduler(configuration())
    for id in 1...3 as ClosedRange<UInt64> { try scheduler.add(request(id, prompt: 3, new: 4)) }
    let plan = scheduler.schedule()
    scheduler.abort(RequestID(2))
    #expect(scheduler.commit(plan, sampled: [10, 20, 30]).isEmpty)
    #expect(scheduler.schedule().tokens == [10, 30])
    #expect(scheduler.counters.running == 2)
  }

  @Test func `plans the same tokens again when a step was abandoned`() throws {
    var scheduler = try Scheduler(configuration(budget: 8))
    try scheduler.add(request(1, prompt: 20))
    let abandoned = scheduler.schedule()
    let again = scheduler.schedule()
    #expect(again.tokens == abandoned.tokens)
    #expect(again.entries[0].blockTable == abandoned.entries[0].blockTable)
  }

  @Test func `admits a prompt whole or not at all without chunked prefill`() throws {
    var limits = configuration(budget: 32, modelLength: 32)
    limits.enableChunkedPrefill = false
    var scheduler = try Scheduler(limits)
    try scheduler.add(request(1, prompt: 20))
    try scheduler.add(request(2, prompt: 20))
    #expect(scheduler.step().plan.tokens.count == 20)
    #expect(scheduler.step().plan.tokens.count == 21)
  }
}
