import Scheduling
import Testing

@Suite struct `What cannot be scheduled` {
  @Test func `a prompt of the model length or more is an error, not a crash`() throws {
    var scheduler = try Scheduler(configuration(modelLength: 128))
    for length in [128, 129, 5000] {
      #expect(throws: SchedulingError.promptTooLong(tokens: length, modelLength: 128)) {
        try scheduler.add(request(1, prompt: length))
      }
    }
    try scheduler.add(request(1, prompt: 127, new: 500))
    while scheduler.hasUnfinished { _ = scheduler.step() }
    #expect(scheduler.counters.blocksUsed == 0)
  }

  @Test func `an empty prompt, no wanted token and a repeated id are errors`() throws {
    var scheduler = try Scheduler(configuration())
    #expect(throws: SchedulingError.emptyPrompt) { try scheduler.add(request(1, prompt: 0)) }
    #expect(throws: SchedulingError.noTokensWanted(0)) {
      try scheduler.add(request(1, prompt: 1, new: 0))
    }
    #expect(throws: SchedulingError.noTokensWanted(-4)) {
      try scheduler.add(request(1, prompt: 1, new: -4))
    }
    try scheduler.add(request(1, prompt: 1))
    #expect(throws: SchedulingError.duplicateRequest(RequestID(1))) {
      try scheduler.add(request(1, prompt: 1))
    }
  }

  @Test func `a full queue refuses, and takes again when one was admitted`() throws {
    var limits = configuration(sequences: 1)
    limits.maxQueuedRequests = 2
    var scheduler = try Scheduler(limits)
    try scheduler.add(request(1, prompt: 1))
    try scheduler.add(request(2, prompt: 1))
    #expect(throws: SchedulingError.queueFull(limit: 2)) {
      try scheduler.add(request(3, prompt: 1))
    }
    _ = scheduler.step()
    try scheduler.add(request(3, prompt: 1))
  }

  @Test func `limits under which a lone request could not finish are errors`() {
    #expect(throws: SchedulingError.poolTooSmall(neededBlocks: 32, blocks: 31, modelLength: 128)) {
      try Scheduler(configuration(modelLength: 128, blockSize: 4, blocks: 31))
    }
    #expect(throws: SchedulingError.budgetBelowSequences(budget: 4, sequences: 8)) {
      try Scheduler(configuration(budget: 4, sequences: 8))
    }
    #expect(throws: SchedulingError.invalidSetting(name: "block_size", value: 0, minimum: 1)) {
      try Scheduler(configuration(blockSize: 0))
    }
    var whole = configuration(budget: 64, modelLength: 128)
    whole.enableChunkedPrefill = false
    #expect(throws: SchedulingError.budgetBelowModelLength(budget: 64, modelLength: 128)) {
      try Scheduler(whole)
    }
  }
}
