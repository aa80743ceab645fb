/// The limits a schedule keeps to; the fields are vLLM's engine arguments of the same names.
public struct SchedulerConfiguration: Sendable, Hashable {
  /// The most tokens one step computes (`max_num_batched_tokens`).
  public var maxBatchedTokens: Int
  /// The most sequences that run at once (`max_num_seqs`).
  public var maxSequences: Int
  /// The most tokens of one sequence, prompt and output together (`max_model_len`).
  public var maxModelLength: Int
  /// Tokens in a KV block (`block_size`).
  public var blockSize: Int
  /// KV blocks in the pool.
  public var blockCount: Int
  /// The share of blocks that admission leaves free for the growth of what runs already.
  ///
  /// Without it a request is admitted into the last blocks and preempted a step later (vLLM keeps 1 %).
  public var watermark: Double = 0.01
  /// Whether a prompt may be computed over several steps (`enable_chunked_prefill`).
  public var enableChunkedPrefill = true
  /// Whether equal prefixes share their blocks (`enable_prefix_caching`).
  public var enablePrefixCaching = false
  /// Which request goes first (`scheduling_policy`).
  public var policy = SchedulingPolicy.fcfs
  /// The most requests that wait, preempted ones not counted; nil: no limit.
  public var maxQueuedRequests: Int?

  /// Limits that are not yet checked; ``Scheduler/init(_:)`` checks them.
  public init(
    maxBatchedTokens: Int, maxSequences: Int, maxModelLength: Int, blockSize: Int = 16,
    blockCount: Int
  ) {
    self.maxBatchedTokens = maxBatchedTokens
    self.maxSequences = maxSequences
    self.maxModelLength = maxModelLength
    self.blockSize = blockSize
    self.blockCount = blockCount
  }

  /// Blocks that hold `tokens` tokens.
  public func blocks(for tokens: Int) -> Int { (tokens + blockSize - 1) / blockSize }

  /// Blocks that admission leaves free while anything runs.
  public var watermarkBlocks: Int { Int((Double(blockCount) * watermark).rounded(.up)) }

  /// Throws for limits under which a lone request could not finish.
  public func validate() throws(SchedulingError) {
    for (name, value, minimum) in [
      ("max_num_batched_tokens", maxBatchedTokens, 1), ("max_num_seqs", maxSequences, 1),
      ("max_model_len", maxModelLength, 2), ("block_size", blockSize, 1),
      ("max_num_queued_reqs", maxQueuedRequests ?? 1, 1),
    ] where value < minimum {
      throw .invalidSetting(name: name, value: value, minimum: minimum)
    }
    guard maxBatchedTokens >= maxSequences else {
      throw .budgetBelowSequences(budget: maxBatchedTokens, sequences: maxSequences)
    }
    guard enableChunkedPrefill || maxBatchedTokens >= maxModelLength else {
      throw .budgetBelowModelLength(budget: maxBatchedTokens, modelLength: maxModelLength)
    }
    let needed = blocks(for: maxModelLength)
    guard needed <= blockCount else {
      throw .poolTooSmall(neededBlocks: needed, blocks: blockCount, modelLength: maxModelLength)
    }
  }
}
