import ExpertParallel
import Platform
import Scheduling
import Telemetry

/// Keeps the compute thread's part of the stats page.
struct ComputeMeter {
  private let stats: StatsPageWriter<RankStats>
  private var isInWave = false
  private var since = Instant.now
  private var preemptions: UInt64 = 0
  private var prefixQueries: UInt64 = 0
  private var prefixHits: UInt64 = 0

  init(_ stats: StatsPageWriter<RankStats>) { self.stats = stats }

  /// Counts a step; all time since the last one that was not a pause belongs to it.
  mutating func stepped(
    _ report: StepReport, _ times: ModelExecutor.Times, _ counters: SchedulerCounters,
    _ exchange: ExchangeCounters
  ) {
    if !isInWave { stats.add(.waves) }
    isInWave = true
    let isDummy = report.computedTokens == 0
    let elapsed = Int((Instant.now - since).wholeNanoseconds)
    since = .now
    stats.add(.steps)
    if isDummy { stats.add(.dummySteps) }
    stats.add(isDummy ? .dummyNanoseconds : .busyNanoseconds, elapsed)
    stats.add(.expertsNanoseconds, times.experts)
    stats.add(.attentionNanoseconds, max(0, times.forward - times.experts))
    stats.add(.sampleNanoseconds, Int(report.phases.sample.wholeNanoseconds))
    stats.set(.threadCPUNanoseconds, Int64(Processor.threadNanoseconds))
    stats.add(.generationTokens, report.tokens.count)
    stats.add(.chunks, report.phases.chunks)
    set(counters)
    set(exchange)
    stats.beat()
  }

  /// Shows an idle scheduler and begins a pause.
  mutating func pausing(_ counters: SchedulerCounters) {
    set(counters)
    stats.set(.threadCPUNanoseconds, Int64(Processor.threadNanoseconds))
    isInWave = false
    since = .now
  }

  /// Ends a pause; the next step begins a wave.
  mutating func resumed() {
    stats.add(.idleNanoseconds, Int((Instant.now - since).wholeNanoseconds))
    since = .now
  }

  private func set(_ exchange: ExchangeCounters) {
    stats.set(.communicationWaitNanoseconds, Int64(exchange.waitNanoseconds))
    stats.set(.dispatchedBytes, Int64(exchange.bytesDispatched))
    stats.set(.combinedBytes, Int64(exchange.bytesCombined))
    stats.set(.dispatchedBytesBetweenNodes, Int64(exchange.bytesDispatchedBetweenNodes))
    stats.set(.combinedBytesBetweenNodes, Int64(exchange.bytesCombinedBetweenNodes))
    stats.set(.linkNanoseconds, Int64(exchange.linkNanoseconds))
    stats.set(.overlappedSteps, Int64(exchange.overlappedSteps))
    stats.set(.stepsBelowOverlap, Int64(exchange.stepsBelowThreshold))
    stats.set(.stepsVetoed, Int64(exchange.stepsVetoed))
    stats.set(.expertRowsDispatched, Int64(exchange.rowsRouted))
    stats.set(.expertRowsComputed, Int64(exchange.rowsComputed))
  }

  private mutating func set(_ counters: SchedulerCounters) {
    stats.set(.running, Double(counters.running))
    stats.set(.waiting, Double(counters.waiting))
    stats.set(.kvBlocksUsed, Double(counters.blocksUsed))
    stats.add(.preemptions, Int64(counters.preemptions - preemptions))
    stats.add(.prefixQueries, Int64(counters.prefixQueries - prefixQueries))
    stats.add(.prefixHits, Int64(counters.prefixHits - prefixHits))
    (preemptions, prefixQueries, prefixHits) = (
      counters.preemptions, counters.prefixQueries, counters.prefixHits
    )
  }
}
