import Testing

@testable import Scheduling

@Suite struct `Random operations` {
  @Test(arguments: [false, true])
  func `leak no block, use none twice, keep the budget and the order`(caching: Bool) throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed) caching \(caching)")
    var random = SeededGenerator(state: seed)
    var limits = configuration(budget: 24, sequences: 6, modelLength: 60, blockSize: 4, blocks: 40)
    limits.enablePrefixCaching = caching
    var soak = Soak(scheduler: try Scheduler(limits))
    for _ in 0..<50_000 {
      try soak.operate(&random)
      let fault = soak.fault
      try #require(fault == nil, "seed \(seed): \(fault ?? "")")
    }
    soak.drain()
    #expect(soak.fault == nil, "seed \(seed)")
    #expect(soak.scheduler.counters.blocksUsed == 0, "seed \(seed)")
    #expect(soak.finished + soak.aborted == soak.added, "seed \(seed)")
    #expect(soak.scheduler.counters.preemptions > 0, "the soak must reach preemption; seed \(seed)")
    #expect(!caching || soak.scheduler.counters.prefixHits > 0, "seed \(seed)")
  }

  @Test func `a lone request always makes progress, whatever the limits`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(state: seed)
    for _ in 0..<400 {
      let modelLength = Int.random(in: 2...80, using: &random)
      let size = Int.random(in: 1...20, using: &random)
      var limits = configuration(
        budget: Int.random(in: 1...90, using: &random), sequences: 1, modelLength: modelLength,
        blockSize: size,
        blocks: (modelLength + size - 1) / size)
      limits.watermark = Double.random(in: 0...1, using: &random)
      limits.enablePrefixCaching = Bool.random(using: &random)
      var scheduler = try Scheduler(limits)
      for id in 1...2 as ClosedRange<UInt64> {
        try scheduler.add(request(id, prompt: Int.random(in: 1..<modelLength, using: &random)))
      }
      while scheduler.hasUnfinished {
        let plan = scheduler.step().plan
        try #require(!plan.isEmpty, "stuck; seed \(seed)")
        #expect(plan.preempted.isEmpty)
      }
    }
  }
}

/// A scheduler under random use, beside a plain account of what must be true.
private struct Soak {
  var scheduler: Scheduler
  var added = 0
  var finished = 0
  var aborted = 0
  private var alive: [RequestID] = []
  private var orderFault: String?

  init(scheduler: Scheduler) { self.scheduler = scheduler }

  var fault: String? { orderFault ?? scheduler.ownershipFault ?? arrivalFault }

  /// Running requests first, then waiting ones, must be exactly the live ones in order of arrival.
  private var arrivalFault: String? {
    var queue = scheduler.waiting
    var order = scheduler.running.map(\.id)
    while let next = queue.popFirst() { order.append(next.id) }
    return order == alive ? nil : "order \(order), arrivals \(alive)"
  }

  mutating func operate(_ random: inout SeededGenerator) throws {
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<3 where alive.count < 20: try add(&random)
    case 3 where !alive.isEmpty:
      let id = alive.remove(at: Int.random(in: 0..<alive.count, using: &random))
      if scheduler.abort(id) { aborted += 1 }
    case 4: check(scheduler.schedule())
    default: step(abortingSome: Int.random(in: 0..<8, using: &random) == 0)
    }
  }

  mutating func drain() {
    for _ in 0..<100_000 where scheduler.hasUnfinished { step(abortingSome: false) }
  }

  private mutating func add(_ random: inout SeededGenerator) throws {
    added += 1
    let id = RequestID(UInt64(added))
    // Few different starts, so that prefixes repeat.
    let first = Int32.random(in: 0..<3, using: &random) * 1000
    let length = Int.random(in: 1..<60, using: &random)
    try scheduler.add(
      GenerationRequest(
        id: id, prompt: (0..<length).map { first + Int32($0) },
        maxNewTokens: Int.random(in: 1...70, using: &random)))
    alive.append(id)
  }

  private mutating func step(abortingSome: Bool) {
    let plan = scheduler.schedule()
    check(plan)
    if abortingSome, let victim = plan.entries.last?.id, scheduler.abort(victim) {
      alive.removeAll { $0 == victim }
      aborted += 1
    }
    let over = scheduler.commit(plan, sampled: plan.samplingEntries.map { _ in 5 })
    finished += over.count
    alive.removeAll { over.contains($0) }
  }

  private mutating func check(_ plan: StepPlan) {
    let limits = scheduler.configuration
    if plan.tokens.count > limits.maxBatchedTokens { orderFault = "budget exceeded" }
    if plan.entries.count > limits.maxSequences { orderFault = "too many sequences" }
    if plan.isEmpty, scheduler.hasUnfinished { orderFault = "no progress" }
    for entry in plan.entries
    where entry.blockTable.count * limits.blockSize < entry.positions.upperBound {
      orderFault = "\(entry.id) has no room for its tokens"
    }
  }
}
