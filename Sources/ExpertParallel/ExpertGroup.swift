import Glibc
import Platform
import Synchronization

/// One rank's part in the lock-step of its group: agree on a step, exchange tokens with the experts' owners, pause.
///
/// Every rank calls the same methods in the same order, idle ones with no tokens. All calls come from one thread, the
/// rank's compute thread; other threads use the ``GroupControl``. A wait ends in an error when a peer dies, leaves or
/// does not answer in time, so nothing here hangs for ever.
public final class ExpertGroup {
  /// What other threads may use.
  public let control: GroupControl
  /// How waits are done.
  public let policy: WaitPolicy
  /// What was moved and computed so far.
  public internal(set) var counters: ExchangeCounters

  /// The decision of the current step.
  public private(set) var decision: StepDecision?
  /// The current step, from 1.
  public internal(set) var step: UInt64 = 0
  /// The current busy period, from 1.
  public internal(set) var wave: UInt64 = 1
  /// The ranks that step together.
  public internal(set) var membership: Membership

  /// Told of each rebalancing, on the lowest rank of the group.
  public var reportRebalancing: RebalancingReport?

  /// Who computes what, by layer.
  var maps: [ExpertMap]
  var balancer: ExpertBalancer?
  var balance: BalanceWindow

  let shape: ExchangeShape
  let rank: Int
  let line: RankLine
  let peers: [RankLine]
  /// `[half][rank]`.
  let regions: [[RankRegion]]
  let owned: OwnedExperts
  /// Scratch, `[experts, world]`: the next row that an owner returned for an expert, while adding up.
  let cursors: UnsafeMutablePointer<UInt32>
  /// Scratch: what the members intend.
  var intents: [StepIntent] = []
  /// Scratch, by owner.
  var returnedRows: [Int]
  /// Exchanges of this view, by half.
  var ordinals: [UInt64]
  /// The half-batches under way.
  var halves: [HalfExchange?]
  let neighbourMasks: [UInt64]
  let hasLinks: Bool
  var viewWord = ViewWord(view: 1, proposer: 0)
  var watches: PeerWatches?

  /// A rank of the group that `control` opened; not yet joined.
  ///
  /// - Parameter policy: ``WaitPolicy/standard(world:)`` when nil.
  public init(_ control: GroupControl, policy: WaitPolicy? = nil) throws(ExpertParallelError) {
    self.control = control
    shape = control.shape
    self.policy = policy ?? .standard(world: control.shape.world)
    rank = control.rank
    line = control.line(control.rank)
    peers = (0..<shape.world).map { control.line($0) }
    regions = try Self.mapRegions(control)
    returnedRows = Array(repeating: 0, count: shape.world)
    ordinals = Array(repeating: 0, count: shape.halves)
    halves = Array(repeating: nil, count: shape.halves)
    let links = control.transport.links ?? .memory(world: shape.world)
    hasLinks = links.hasLinks
    neighbourMasks = (0..<shape.world).map { links.neighbours(of: $0) }
    owned = OwnedExperts(
      shape, rank: control.rank, backend: control.transport.backend,
      neighbours: links.neighbours(of: control.rank))
    maps = Self.initialMaps(control, Array(0..<shape.founders))
    balancer = control.balancing.map { ExpertBalancer($0, control.shape) }
    balance = BalanceWindow(shape)
    counters = ExchangeCounters(shape)
    membership = Membership(view: 1, ranks: Array(0..<shape.founders))
    cursors = .allocate(capacity: shape.experts * shape.world)
    cursors.initialize(repeating: 0, count: shape.experts * shape.world)
  }

  deinit { cursors.deallocate() }

  private static func mapRegions(_ control: GroupControl) throws(ExpertParallelError) -> [[RankRegion]] {
    try (0..<control.shape.halves).map { half throws(ExpertParallelError) in
      try (0..<control.shape.world).map { peer throws(ExpertParallelError) in
        do throws(SystemError) {
          return try RankRegion(
            control.segment, control.shape, rank: peer, half: half, writable: peer == control.rank)
        } catch { throw .system(error) }
      }
    }
  }
}

// The life of the group.
extension ExpertGroup {
  /// Tells the others what this rank will do in the next step, and returns what follows for all.
  public func agree(_ intent: StepIntent) throws(ExpertParallelError) -> StepDecision {
    try admitNewcomers()
    step += 1
    let parity = Int(step & 1)
    let ticket = Ticket(view: membership.view, ordinal: step).value
    line.write(intent, parity: parity)
    line.step.pointee.store(step, ordering: .relaxed)
    line.intended.pointee.store(ticket, ordering: .releasing)
    try meet(.intents(step: step)) { peer in peer.intended.pointee.load(ordering: .acquiring) >= ticket }
    intents.removeAll(keepingCapacity: true)
    for rank in membership.ranks { intents.append(peers[rank].readIntent(parity: parity)) }
    let decision = StepDecision(intents, chunk: shape.chunk)
    self.decision = decision
    for half in halves.indices { halves[half] = nil }
    if decision.chunks > 0 {
      beginBalancedStep()
      counters.steps += 1
      if intent.tokens == 0 { counters.dummySteps += 1 }
      if shape.halves > 1 { countOverlap(intent, decision) }
    }
    return decision
  }

  private func countOverlap(_ intent: StepIntent, _ decision: StepDecision) {
    if decision.overlaps {
      counters.overlappedSteps += 1
    } else if intent.wantsOverlap {
      counters.stepsVetoed += 1
    } else {
      counters.stepsBelowThreshold += 1
    }
  }

  /// Sleeps until any rank is given work, after a decision to pause.
  ///
  /// Costs next to nothing: a look at the peers every ``WaitPolicy/pauseSlice``.
  public func pause() throws(ExpertParallelError) {
    let begin = Instant.now
    let ended = wave
    let header = control.header
    line.state = .paused
    let limits = WaitLimits(deadline: .never, slice: policy.pauseSlice)
    defer { counters.pauseNanoseconds += (Instant.now - begin).wholeNanoseconds }
    try wait(for: .pause(wave: ended), on: header.pauseBell, limits, spins: false) { [rank] in
      header.wave.pointee.load(ordering: .acquiring) > ended ? nil : rank
    }
    wave = ended + 1
    line.wave.pointee.store(wave, ordering: .sequentiallyConsistent)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    line.state = .running
  }

  /// Gives this rank's place up: a group that recovers goes on without it, another is told that it has left.
  public func leave() {
    line.state = .left
    control.ringAll()
  }
}

/// Until when to wait, and how long to sleep between looks at the peers' health.
struct WaitLimits {
  let deadline: Instant
  let slice: Duration
}

// Waiting.
extension ExpertGroup {
  /// Waits until `arrived` holds for all ranks; the last to come wakes the others.
  func meet(_ phase: WaitPhase, arrived: (RankLine) -> Bool) throws(ExpertParallelError) {
    // The fence makes at least the last of the ranks see all flags, its own included, and so ring.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    func missing() -> Int? { membership.ranks.first { !arrived(peers[$0]) } }
    guard missing() != nil else { return control.header.stepBell.ring() }
    try waitInStep(for: phase, on: control.header.stepBell, missing: missing)
  }

  /// A wait within a step: limited by the policy's timeout, and counted.
  func waitInStep(
    for phase: WaitPhase, on bell: Bell, missing: () -> Int?
  ) throws(ExpertParallelError) {
    let begin = Instant.now
    defer { addWait((Instant.now - begin).wholeNanoseconds) }
    let limits = WaitLimits(deadline: begin + policy.timeout, slice: policy.slice)
    try wait(for: phase, on: bell, limits, missing: missing)
  }

  func addWait(_ nanoseconds: UInt64) {
    counters.waitNanoseconds += nanoseconds
    line.waitNanoseconds.pointee.store(counters.waitNanoseconds, ordering: .relaxed)
  }

  /// Waits until `missing` names no rank any more.
  func wait(
    for phase: WaitPhase, on bell: Bell, _ limits: WaitLimits, spins: Bool = true, missing: () -> Int?
  ) throws(ExpertParallelError) {
    if spins, looksSoon(missing) { return }
    let begin = Instant.now
    var fence = Fence()
    while true {
      let seen = bell.announce()
      guard let culprit = missing() else { return line.awaited = nil }
      line.awaited = culprit == rank ? nil : culprit
      let now = Instant.now
      try checkHealth(phase)
      if policy.recovers { endIfStuck(culprit, &fence, phase, at: now) }
      guard now < limits.deadline else {
        throw .timedOut(rank: culprit, phase: phase, seconds: (now - begin).inSeconds)
      }
      bell.sleep(since: seen, until: min(limits.deadline, now + limits.slice))
    }
  }

  private func looksSoon(_ missing: () -> Int?) -> Bool {
    for _ in 0..<policy.spins {
      if missing() == nil { return true }
      Processor.relax()
    }
    for _ in 0..<policy.yields {
      if missing() == nil { return true }
      sched_yield()
    }
    return false
  }

  /// A member that holds the others up and does not move is killed; that it has ended is then seen like any death.
  private func endIfStuck(_ culprit: Int, _ fence: inout Fence, _ phase: WaitPhase, at now: Instant) {
    if case .pause = phase { return }
    guard let watches else { return }
    if fence.isStuck(culprit, watches.record(of: culprit), patience: policy.fenceAfter, at: now) {
      watches.kill(culprit)
    }
  }

  func checkHealth(_ phase: WaitPhase) throws(ExpertParallelError) {
    if control.isStopRequested { throw .stopped(phase) }
    let epoch = control.header.epoch.pointee.load(ordering: .acquiring)
    if epoch != control.epoch { throw .epochMismatch(mine: control.epoch, segment: epoch) }
    if !policy.recovers, let peer = leavers.first { throw .peerLeft(rank: peer, phase: phase) }
    guard let watches else { return }
    if control.header.view.pointee.load(ordering: .acquiring) != viewWord.raw { throw .membershipChanged }
    let ended = watches.ended
    guard policy.recovers else {
      if let (peer, pid) = ended.first { throw .peerEnded(rank: peer, pid: pid, phase: phase) }
      return
    }
    let gone = ended.map(\.rank) + leavers
    if !gone.isEmpty { try expel(gone) }
    if case .pause = phase { try admitNewcomers() }
  }
}
