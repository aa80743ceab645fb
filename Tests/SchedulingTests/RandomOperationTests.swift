import Randomness
import Testing

@testable import Scheduling

@Suite struct `Random operations` {
  @Test(arguments: [false, true], SchedulingPolicy.allCases)
  func `leak no block, use none twice, keep the budget and the order`(
    caching: Bool, policy: SchedulingPolicy
  ) throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed) caching \(caching) policy \(policy)")
    var random = SplitMix(seed: seed)
    var limits = configuration(budget: 24, sequences: 6, modelLength: 60, blockSize: 4, blocks: 40)
    limits.enablePrefixCaching = caching
    limits.policy = policy
    var soak = Soak(scheduler: try Scheduler(limits))
    for _ in 0..<25_000 {
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
    var random = SplitMix(seed: seed)
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
  private var ranks: [RequestID: ServiceRank] = [:]
  private var orderFault: String?

  init(scheduler: Scheduler) { self.scheduler = scheduler }

  var fault: String? { orderFault ?? scheduler.ownershipFault ?? arrivalFault }

  /// Running requests first, then waiting ones, must be exactly the live ones in order of arrival.
  ///
  /// By priority this holds for each priority by itself, so that none starves behind a later one of its own.
  private var arrivalFault: String? {
    var queue = scheduler.waiting
    var order = scheduler.running.map(\.id)
    var waiting: [RequestID] = []
    while let next = queue.popFirst() { waiting.append(next.id) }
    if waiting.compactMap({ ranks[$0] }) != waiting.compactMap({ ranks[$0] }).sorted() {
      return "the queue is out of order: \(waiting)"
    }
    order += waiting
    guard scheduler.configuration.policy == .priority else {
      return order == alive ? nil : "order \(order), arrivals \(alive)"
    }
    guard Set(order) == Set(alive), order.count == alive.count else { return "\(order) are not \(alive)" }
    for priority in Self.priorities {
      let isOfIt: (RequestID) -> Bool = { ranks[$0]?.priority == priority }
      // What runs is sorted only when the next step is planned, so compare as sets where both run.
      let running = Set(scheduler.running.map(\.id).filter(isOfIt))
      guard Set(alive.filter(isOfIt).prefix(running.count)) == running else {
        return "of priority \(priority) \(running) run, arrivals \(alive.filter(isOfIt))"
      }
    }
    return nil
  }

  private static let priorities = [-1, 0, 4]

  mutating func operate(_ random: inout SplitMix) throws {
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

  private mutating func add(_ random: inout SplitMix) throws {
    added += 1
    let id = RequestID(UInt64(added))
    // Few different starts, so that prefixes repeat.
    let first = Int32.random(in: 0..<3, using: &random) * 1000
    let length = Int.random(in: 1..<60, using: &random)
    let priority = Self.priorities.randomElement(using: &random) ?? 0
    try scheduler.add(
      GenerationRequest(
        id: id, prompt: (0..<length).map { first + Int32($0) },
        maxNewTokens: Int.random(in: 1...70, using: &random), priority: priority,
        prefixScope: PrefixScope(salt: Bool.random(using: &random) ? "a" : "")))
    alive.append(id)
    ranks[id] = ServiceRank(
      priority: scheduler.configuration.policy == .priority ? priority : 0, arrival: UInt64(added))
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
    checkVictims(plan)
    for entry in plan.entries
    where entry.blockTable.count * limits.blockSize < entry.positions.upperBound {
      orderFault = "\(entry.id) has no room for its tokens"
    }
  }

  /// Nobody that goes on may rank behind one that lost its blocks, nor may one that was admitted behind one that
  /// waits.
  private mutating func checkVictims(_ plan: StepPlan) {
    let going = plan.entries.compactMap { ranks[$0.id] }
    let victims = plan.preempted.compactMap { ranks[$0] }
    if let best = victims.min(), let worst = going.max(), worst > best {
      orderFault = "\(plan.preempted) lost their blocks to lesser ones"
    }
    let admitted = plan.admitted.compactMap { ranks[$0] }
    if let worst = admitted.max(), let next = scheduler.waiting.first, next.rank < worst {
      orderFault = "\(plan.admitted) overtook \(next.id)"
    }
  }
}
