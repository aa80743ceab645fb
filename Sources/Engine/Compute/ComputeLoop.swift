import ExpertParallel
import Model
import Platform
import Scheduling
import Telemetry

/// The step loop of a rank: takes commands, schedules, agrees with the group, computes, samples, reports.
///
/// Lives on one plain thread, never awaits, and shares nothing but its mailbox, its stats page and `report`.
final class ComputeLoop {
  private let inbox: Mailbox<EngineCommand>
  private let report: @Sendable (EngineEvent) -> Void
  private let executor: ModelExecutor
  private let group: ExpertGroup
  private let overlap: OverlapRule?
  private var scheduler: Scheduler
  private var live: [RequestID: LiveGeneration] = [:]
  private var sampler = Sampler()
  private var meter: ComputeMeter
  private let prefillInterval: UInt64
  private var isStopping = false
  /// A step that the loss of a rank interrupted: it is run again before anything else is planned.
  private var interrupted: StepPlan?

  init(
    inbox: Mailbox<EngineCommand>, scheduler: Scheduler, executor: ModelExecutor, group: ExpertGroup,
    overlap: OverlapRule?, prefillInterval: Int, stats: StatsPageWriter<RankStats>,
    report: @escaping @Sendable (EngineEvent) -> Void
  ) {
    self.inbox = inbox
    self.scheduler = scheduler
    self.executor = executor
    self.group = group
    self.overlap = overlap
    self.prefillInterval = UInt64(prefillInterval)
    self.report = report
    meter = ComputeMeter(stats)
  }

  /// Steps until it is told to stop and the whole group is idle.
  func run() throws(ExpertParallelError) {
    while true {
      do throws(ExpertParallelError) {
        guard try advance() else { return group.leave() }
      } catch {
        guard case .membershipChanged = error else { throw error }
        try group.enterView()
        report(.membership(group.membership.ranks))
      }
    }
  }

  /// One step or pause; false when the group ends.
  private func advance() throws(ExpertParallelError) -> Bool {
    var phases = StepPhases(start: .now)
    let plan = plan()
    let planned = Instant.now
    phases.schedule = planned - phases.start
    // A group that recovers goes on without one that has nothing left to do.
    if isStopping, group.policy.recovers, !scheduler.hasUnfinished { return false }
    let intent = StepIntent(
      tokens: plan.tokens.count, unfinished: scheduler.hasUnfinished, leaving: isStopping,
      wantsOverlap: overlap?.wants(plan) == true)
    let decision = try group.agree(intent)
    phases.agree = .now - planned
    phases.number = group.step
    switch decision.kind {
    case .run: try step(plan, phases)
    case .leave: return false
    case .pause:
      meter.pausing(scheduler.counters)
      interrupted = nil
      try group.pause()
      meter.resumed()
    }
    interrupted = nil
    return true
  }

  /// The next step, or the one that could not be finished: its blocks are taken and its tokens not drawn yet, so that
  /// running it again changes nothing.
  private func plan() -> StepPlan {
    if let interrupted { return interrupted }
    inbox.takeAll().forEach(apply)
    // All ranks count steps alike, so prompts of all begin together and hold the group up once.
    let plan = scheduler.schedule(admits: (group.step + 1).isMultiple(of: prefillInterval))
    interrupted = plan
    return plan
  }

  private func apply(_ command: EngineCommand) {
    switch command {
    case .add(let task):
      do {
        try scheduler.add(
          GenerationRequest(
            id: task.id, prompt: task.prompt + task.resumed,
            maxNewTokens: task.maxNewTokens - task.resumed.count, priority: task.priority,
            prefixScope: task.prefixScope, scoresPrompt: task.promptLogprobs != nil))
        live[task.id] = LiveGeneration(task: task)
      } catch {
        report(.refused(task.id, error))
      }
    case .abort(let id):
      scheduler.abort(id)
      live[id] = nil
    case .stop: isStopping = true
    }
  }

  private func step(_ plan: StepPlan, _ begun: StepPhases) throws(ExpertParallelError) {
    var phases = begun
    // Numbers, not the counters themselves: a copy of their tables would have to be made at the first count.
    let (waited, exchanges) = (group.counters.waitNanoseconds, group.counters.exchanges)
    let times = try executor.run(plan, group) { live[$0]?.task.adapter }
    phases.forward = .nanoseconds(times.forward)
    phases.experts = .nanoseconds(times.experts)
    phases.wait = .nanoseconds(Int64(clamping: group.counters.waitNanoseconds - waited))
    let layers = max(1, executor.model.configuration.moeLayerCount)
    phases.chunks = Int(group.counters.exchanges - exchanges) / layers
    let sampling = Instant.now
    let draws = sample(plan)
    score(plan)
    let finished = Set(scheduler.commit(plan, sampled: draws.map(\.token)))
    var stepReport = StepReport()
    stepReport.tokens = tokens(plan, draws, finished)
    stepReport.time = .now
    phases.sample = stepReport.time - sampling
    stepReport.phases = phases
    stepReport.admitted = admissions(plan)
    stepReport.preempted = plan.preempted
    stepReport.computedTokens = plan.tokens.count
    stepReport.evictions = scheduler.counters.evictions
    meter.stepped(stepReport, times, scheduler.counters, group.counters)
    if !plan.isEmpty || !plan.preempted.isEmpty { report(.step(stepReport)) }
  }

  private func admissions(_ plan: StepPlan) -> [StepReport.Admission] {
    guard !plan.admitted.isEmpty else { return [] }
    // Admitted sequences are the last entries of a step, in the order of their admission.
    return plan.entries.suffix(plan.admitted.count).map {
      StepReport.Admission(id: $0.id, cachedTokens: $0.positions.lowerBound)
    }
  }

  private func sample(_ plan: StepPlan) -> [Draw] {
    var draws: [Draw] = []
    draws.reserveCapacity(plan.entries.count)
    for entry in plan.entries where entry.samples {
      draws.append(draw(entry, executor.logits(of: draws.count)))
    }
    return draws
  }

  private func draw(_ entry: StepPlan.Entry, _ logits: UnsafeMutableBufferPointer<Float>) -> Draw {
    guard let generation = live[entry.id] else { return Draw(token: 0) }
    let raw = generation.task.logprobs == nil ? [] : Array(logits)
    generation.shape(logits)
    let token = sampler.sample(
      UnsafeBufferPointer(logits), parameters: generation.task.sampling,
      position: entry.positions.upperBound)
    let distribution = generation.task.logprobs.map { TokenDistribution(raw, chosen: token, top: $0) }
    return Draw(token: token, distribution: distribution)
  }

  /// Tells the prompts of this step whose tokens are wanted with their log probabilities what those are.
  ///
  /// Overwrites the logits of the draws.
  private func score(_ plan: StepPlan) {
    for entry in plan.entries {
      guard let generation = live[entry.id] else { continue }
      let positions = generation.unscored(in: entry.positions)
      guard !positions.isEmpty else { continue }
      let first = entry.rows.lowerBound + positions.lowerBound - entry.positions.lowerBound
      executor.forEachLogits(of: first..<first + positions.count) { generation.score(Array($0)) }
    }
  }

  /// Notes each new token with its sequence, and ends those that an end token or their length ends.
  private func tokens(_ plan: StepPlan, _ draws: [Draw], _ finished: Set<RequestID>) -> [StepReport.NewToken]
  {
    var tokens: [StepReport.NewToken] = []
    tokens.reserveCapacity(draws.count)
    for (entry, draw) in zip(plan.entries.lazy.filter(\.samples), draws) {
      guard let generation = live[entry.id] else { continue }
      generation.add(draw.token)
      let end: SequenceEnd? =
        generation.task.endTokens.contains(draw.token)
        ? .endToken(draw.token) : finished.contains(entry.id) ? .length : nil
      if end != nil {
        scheduler.finish(entry.id)
        live[entry.id] = nil
      }
      tokens.append(
        StepReport.NewToken(
          id: entry.id, token: draw.token, distribution: draw.distribution, prompt: generation.takeScore(),
          end: end))
    }
    return tokens
  }
}

/// A drawn token.
private struct Draw {
  let token: Int32
  var distribution: TokenDistribution?
}
