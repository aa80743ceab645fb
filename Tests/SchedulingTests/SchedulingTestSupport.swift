@testable import Scheduling

func configuration(
  budget: Int = 64, sequences: Int = 8, modelLength: Int = 128, blockSize: Int = 4, blocks: Int = 64
) -> SchedulerConfiguration {
  SchedulerConfiguration(
    maxBatchedTokens: budget, maxSequences: sequences, maxModelLength: modelLength,
    blockSize: blockSize,
    blockCount: blocks)
}

func request(_ id: UInt64, prompt: Int, new: Int? = nil, first: Int32 = 0) -> GenerationRequest {
  GenerationRequest(
    id: RequestID(id), prompt: (0..<prompt).map { first + Int32($0) }, maxNewTokens: new)
}

extension Scheduler {
  /// Carries a step out with a made-up token for each sampling sequence.
  mutating func step(token: Int32 = 7) -> (plan: StepPlan, finished: [RequestID]) {
    let plan = schedule()
    let finished = commit(plan, sampled: plan.samplingEntries.map { _ in token })
    return (plan, finished)
  }

  /// What is wrong with block ownership, or nil: each held block is counted as often as tables name it.
  var ownershipFault: String? {
    var named: [Int32: Int] = [:]
    for sequence in running {
      guard Set(sequence.blockTable).count == sequence.blockTable.count else {
        return "\(sequence.id) names a block twice"
      }
      for block in sequence.blockTable { named[block, default: 0] += 1 }
      if !configuration.enablePrefixCaching, sequence.blockTable.contains(where: { named[$0] != 1 }) {
        return "\(sequence.id) shares a block though nothing may be shared"
      }
    }
    for block in 0..<Int32(pool.blockCount)
    where pool.holders(of: block) != named[block, default: 0] {
      return
        "block \(block) has \(pool.holders(of: block)) holders, but \(named[block, default: 0]) tables name it"
    }
    return pool.usedCount == named.count
      ? nil : "\(pool.usedCount) blocks used, \(named.count) named"
  }
}
