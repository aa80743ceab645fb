/// Decides, step by step, which tokens of which requests are computed: continuous batching as in vLLM V1.
///
/// There are no phases: a request has tokens and the KV entries of some of them; each step brings it nearer to all.
/// What runs goes first (one token when decoding), then waiting requests are admitted while budget, sequences and
/// blocks last. Order is by arrival, or by priority and then arrival, without overtaking. When blocks run out the
/// last running request in that order loses its own and is recomputed later. A plan is carried out and then
/// committed; an abandoned plan changes nothing but block ownership, so the next `schedule()` plans the same tokens
/// again.
public struct Scheduler: Sendable {
  /// The limits in force.
  public let configuration: SchedulerConfiguration
  private(set) var pool: BlockPool
  private(set) var running: [LiveSequence] = []
  private(set) var waiting = WaitingQueue()
  private var live: Set<RequestID> = []
  private var arrivals: UInt64 = 0
  private var preemptedWaiting = 0
  private var totals = SchedulerCounters()

  /// A scheduler with an empty pool; throws for limits that no request could live with.
  public init(_ configuration: SchedulerConfiguration) throws(SchedulingError) {
    try configuration.validate()
    self.configuration = configuration
    pool = BlockPool(blockCount: configuration.blockCount)
  }

  /// Whether any request is not finished.
  public var hasUnfinished: Bool { !live.isEmpty }

  /// The gauges and counters as of now.
  public var counters: SchedulerCounters {
    var counters = totals
    counters.running = running.count
    counters.waiting = waiting.count
    counters.blocksUsed = pool.usedCount
    counters.blocksTotal = pool.blockCount
    counters.evictions = pool.evictions
    return counters
  }

  /// Queues a request; throws when it could never run, or not now because the queue is full.
  public mutating func add(_ request: GenerationRequest) throws(SchedulingError) {
    guard !request.prompt.isEmpty else { throw .emptyPrompt }
    guard request.prompt.count < configuration.maxModelLength else {
      throw .promptTooLong(tokens: request.prompt.count, modelLength: configuration.maxModelLength)
    }
    if let wanted = request.maxNewTokens, wanted < 1 { throw .noTokensWanted(wanted) }
    guard !live.contains(request.id) else { throw .duplicateRequest(request.id) }
    if let limit = configuration.maxQueuedRequests, waiting.count - preemptedWaiting >= limit {
      throw .queueFull(limit: limit)
    }
    live.insert(request.id)
    arrivals += 1
    let rank = ServiceRank(
      priority: configuration.policy == .priority ? request.priority : 0, arrival: arrivals)
    waiting.insert(LiveSequence(request, rank: rank, maxModelLength: configuration.maxModelLength))
  }

  /// Plans the next step; empty when nothing can or need be computed.
  ///
  /// - Parameter admits: Whether waiting requests may begin in it.
  public mutating func schedule(admits: Bool = true) -> StepPlan {
    var plan = StepPlan(sequences: running.count)
    // Who was admitted behind lesser ones takes its place now, before any entry depends on the order.
    if configuration.policy == .priority { running.sort { $0.rank < $1.rank } }
    continueRunning(&plan)
    // Admitting into blocks that were just taken from somebody would only move the shortage on.
    if admits, plan.preempted.isEmpty { admitWaiting(&plan) }
    return plan
  }

  /// Records that `plan` was computed, with one sampled token per sampling entry, in order.
  ///
  /// Returns the requests that now have all the tokens they may get: they are finished and hold nothing any more.
  /// Requests that ended since the plan was made are passed over.
  public mutating func commit(_ plan: StepPlan, sampled: [Int32]) -> [RequestID] {
    var samples = sampled.makeIterator()
    var finished: [RequestID] = []
    var index = 0
    for entry in plan.entries {
      let token = entry.samples ? samples.next() : nil
      precondition(!entry.samples || token != nil, "a sampling entry has no token")
      // Entries and running sequences are in the same order, so one walk over both finds every survivor.
      guard let found = running[index...].firstIndex(where: { $0.id == entry.id }) else { continue }
      index = found + 1
      if advance(found, to: entry.positions.upperBound, sampled: token) { finished.append(entry.id) }
    }
    for id in finished { finish(id) }
    return finished
  }

  /// Ends a request, wherever it is, and frees its blocks; returns false when it is unknown or already over.
  @discardableResult
  public mutating func finish(_ id: RequestID) -> Bool {
    guard live.remove(id) != nil else { return false }
    if let index = running.firstIndex(where: { $0.id == id }) {
      pool.release(&running[index].blockTable)
      running.remove(at: index)
    } else if let sequence = waiting.remove(id), sequence.wasPreempted {
      preemptedWaiting -= 1
    }
    return true
  }

  /// Gives a request up, as when its client has gone; the same as ``finish(_:)``.
  @discardableResult
  public mutating func abort(_ id: RequestID) -> Bool { finish(id) }
}

// Running requests.
extension Scheduler {
  private mutating func continueRunning(_ plan: inout StepPlan) {
    var index = 0
    while index < running.count, plan.tokens.count < configuration.maxBatchedTokens {
      let count = min(running[index].pending, configuration.maxBatchedTokens - plan.tokens.count)
      guard makeRoom(forSequenceAt: index, upTo: running[index].computed + count, &plan) else { return }
      plan.append(running[index], count: count)
      index += 1
    }
  }

  /// Gives the sequence blocks for `tokens` tokens, taking them from later ones if need be.
  ///
  /// False when it had to give its own up: it is the last, and all before it keep theirs.
  private mutating func makeRoom(forSequenceAt index: Int, upTo tokens: Int, _ plan: inout StepPlan) -> Bool {
    let missing = configuration.blocks(for: tokens) - running[index].blockTable.count
    while !pool.allocate(missing, into: &running[index].blockTable) {
      preemptLast(&plan)
      if index == running.count { return false }
    }
    return true
  }

  private mutating func preemptLast(_ plan: inout StepPlan) {
    guard var victim = running.popLast() else { return }
    pool.release(&victim.blockTable)
    victim.restart()
    waiting.insert(victim)
    plan.preempted.append(victim.id)
    preemptedWaiting += 1
    totals.preemptions += 1
  }

  /// Moves a sequence on after its step; true when it has all its tokens.
  private mutating func advance(_ index: Int, to computed: Int, sampled: Int32?) -> Bool {
    running[index].computed = computed
    if configuration.enablePrefixCaching { rememberBlocks(ofSequenceAt: index) }
    guard let sampled else { return false }
    running[index].tokens.append(sampled)
    return running[index].tokens.count >= running[index].lengthLimit
  }

  private mutating func rememberBlocks(ofSequenceAt index: Int) {
    let size = configuration.blockSize
    while (running[index].rememberedBlocks + 1) * size <= running[index].computed {
      let sequence = running[index]
      let first = sequence.rememberedBlocks * size
      running[index].prefix = pool.remember(
        sequence.blockTable[sequence.rememberedBlocks], tokens: sequence.tokens[first..<(first + size)],
        after: sequence.prefix, scope: sequence.prefixScope)
      running[index].rememberedBlocks += 1
    }
  }
}

// Waiting requests.
extension Scheduler {
  private mutating func admitWaiting(_ plan: inout StepPlan) {
    while running.count < configuration.maxSequences,
      plan.tokens.count < configuration.maxBatchedTokens,
      let candidate = waiting.first
    {
      let budget = configuration.maxBatchedTokens - plan.tokens.count
      guard let sequence = admit(candidate, budget: budget) else { return }
      _ = waiting.popFirst()
      if sequence.wasPreempted { preemptedWaiting -= 1 }
      plan.admitted.append(sequence.id)
      plan.append(sequence, count: min(sequence.pending, budget))
      running.append(sequence)
    }
  }

  /// The sequence with its cached prefix and the blocks of its first chunk, or nil when it does not fit now.
  private mutating func admit(_ candidate: LiveSequence, budget: Int) -> LiveSequence? {
    var sequence = candidate
    let hits =
      configuration.enablePrefixCaching && !sequence.scoresPrompt ? cachedPrefix(of: sequence) : []
    let cached = hits.count * configuration.blockSize
    let pending = sequence.tokens.count - cached
    guard pending <= budget || configuration.enableChunkedPrefill else { return nil }
    // All its tokens must fit, not only the first chunk: half a prompt that is preempted is work thrown away.
    let missing = configuration.blocks(for: sequence.tokens.count) - hits.count
    let idleHits = hits.count { pool.holders(of: $0.block) == 0 }
    let kept = running.isEmpty ? 0 : configuration.watermarkBlocks
    guard missing + idleHits + kept <= pool.freeCount else { return nil }
    for hit in hits { take(hit, for: &sequence) }
    let firstChunk = configuration.blocks(for: cached + min(pending, budget)) - hits.count
    let allocated = pool.allocate(firstChunk, into: &sequence.blockTable)
    precondition(allocated, "the check above counted too many free blocks")
    countPrefix(&sequence, hit: cached)
    return sequence
  }

  private func cachedPrefix(of sequence: LiveSequence) -> [(block: Int32, node: PrefixNode)] {
    var hits: [(block: Int32, node: PrefixNode)] = []
    let size = configuration.blockSize
    var node = PrefixNode.root
    // The last token is always computed: its logits are what the request came for.
    for first in stride(from: 0, to: (sequence.tokens.count - 1) / size * size, by: size) {
      let tokens = sequence.tokens[first..<(first + size)]
      guard let hit = pool.find(tokens, after: node, scope: sequence.prefixScope) else { break }
      hits.append(hit)
      node = hit.node
    }
    return hits
  }

  private mutating func take(
    _ hit: (block: Int32, node: PrefixNode), for sequence: inout LiveSequence
  ) {
    pool.share(hit.block)
    sequence.blockTable.append(hit.block)
    sequence.prefix = hit.node
    sequence.rememberedBlocks += 1
    sequence.computed += configuration.blockSize
  }

  private mutating func countPrefix(_ sequence: inout LiveSequence, hit: Int) {
    guard configuration.enablePrefixCaching, !sequence.wasPreempted, !sequence.scoresPrompt else { return }
    totals.prefixQueries += UInt64(sequence.promptLength)
    totals.prefixHits += UInt64(hit)
  }
}
