import Scheduling
import Testing

@Suite struct `Priorities` {
  private func scheduler(
    sequences: Int = 8, modelLength: Int = 32, blocks: Int = 64, policy: SchedulingPolicy = .priority
  ) throws -> Scheduler {
    var limits = configuration(
      budget: 64, sequences: sequences, modelLength: modelLength, blockSize: 4, blocks: blocks)
    limits.watermark = 0
    limits.policy = policy
    return try Scheduler(limits)
  }

  private func request(_ id: UInt64, priority: Int, prompt: Int = 4, new: Int = 2) -> GenerationRequest {
    GenerationRequest(
      id: RequestID(id), prompt: (0..<prompt).map { Int32(id) * 100 + Int32($0) }, maxNewTokens: new,
      priority: priority)
  }

  private func admissions(_ scheduler: inout Scheduler) -> [UInt64] {
    var order: [UInt64] = []
    while scheduler.hasUnfinished { order += scheduler.step().plan.admitted.map(\.rawValue) }
    return order
  }

  @Test func `admit the lowest number first, and equal ones by arrival`() throws {
    var scheduler = try scheduler(sequences: 1)
    for (id, priority) in [(1, 5), (2, 0), (3, -1), (4, 0), (5, 5)] as [(UInt64, Int)] {
      try scheduler.add(request(id, priority: priority))
    }
    #expect(admissions(&scheduler) == [3, 2, 4, 1, 5])
  }

  @Test func `count for nothing under first come first served`() throws {
    var scheduler = try scheduler(sequences: 1, policy: .fcfs)
    for (id, priority) in [(1, 5), (2, 0), (3, -1)] as [(UInt64, Int)] {
      try scheduler.add(request(id, priority: priority))
    }
    #expect(admissions(&scheduler) == [1, 2, 3])
  }

  @Test func `decide who loses its blocks: the greatest number, then the latest arrival`() throws {
    var scheduler = try scheduler(blocks: 16)
    // The least important came first; of the two that matter equally, 3 came last.
    for (id, priority) in [(1, 9), (2, 1), (3, 1)] as [(UInt64, Int)] {
      try scheduler.add(request(id, priority: priority, prompt: 16, new: 16))
    }
    var preempted: [UInt64] = []
    var finished: [UInt64] = []
    while scheduler.hasUnfinished {
      let step = scheduler.step()
      preempted += step.plan.preempted.map(\.rawValue)
      finished += step.finished.map(\.rawValue)
    }
    #expect(preempted == [1])
    #expect(finished == [2, 3, 1])
  }

  @Test func `do not mix up whose token is whose when a late request goes before running ones`() throws {
    var scheduler = try scheduler()
    try scheduler.add(request(1, priority: 5, new: 3))
    _ = scheduler.step(token: 11)
    try scheduler.add(request(2, priority: 0, new: 3))
    let mixed = scheduler.schedule()
    #expect(mixed.entries.map(\.id.rawValue) == [1, 2])
    _ = scheduler.commit(mixed, sampled: [12, 21])
    let sorted = scheduler.schedule()
    #expect(sorted.entries.map(\.id.rawValue) == [2, 1])
    #expect(sorted.tokens == [21, 12])
    #expect(scheduler.commit(sorted, sampled: [22, 13]) == [RequestID(1)])
    #expect(scheduler.schedule().tokens == [22])
  }
}
