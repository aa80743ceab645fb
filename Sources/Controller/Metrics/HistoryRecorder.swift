import ControlAPI
import Deployment
import History
import Platform
import Telemetry

/// Gathers an application's seconds; a full minute goes to the store at once.
struct HistoryRecorder {
  /// The minute that goes on.
  private(set) var open: HistoryBlock?

  private static let tier = HistoryTier.all[0]

  /// Takes what a second brought; returns the minute before when this second begins another one.
  mutating func record(_ samples: [HistoryBlock.Series: HistorySample], wall: Double) -> HistoryBlock? {
    let time = Int(wall)
    var full: HistoryBlock?
    if open?.start != HistoryBlock.start(step: Self.tier.step, of: time) {
      full = take()
      open = HistoryBlock(step: Self.tier.step, holding: time)
    }
    for (series, sample) in samples { open?.add(sample, to: series, at: time) }
    return full
  }

  /// Gives the minute that goes on away, as the controller goes; nil when nothing is known of it.
  mutating func take() -> HistoryBlock? {
    defer { open = nil }
    return open.flatMap { $0.series.isEmpty ? nil : $0 }
  }
}

extension HistorySample {
  /// What clients saw in a second; what the ranks did is added by ``count(rank:at:)``.
  init(_ second: ApplicationMeter.Second) {
    self.init()
    if let length = second.length {
      self[.countedMilliseconds] = Int64(length * 1000)
      self[.requests] = second.requests
      self[.failed] = second.failed
      self[.refused] = second.refused
      self[.aborted] = second.aborted
      self[.promptTokens] = second.promptTokens
      self[.generationTokens] = second.generationTokens
      count(
        ttft: second.latencies[.ttft] ?? QuantileSketch(), tpot: second.latencies[.tpot] ?? QuantileSketch())
    }
    if let depth = second.queueDepth { (self[.ingressReadings], self[.queueDepth]) = (1, Int64(depth)) }
    if let running = second.running, let waiting = second.waiting {
      (self[.rankReadings], self[.running], self[.waiting]) = (1, Int64(running), Int64(waiting))
    }
    (self[.blocksTotal], self[.blocksUsed]) = (Int64(second.kvTotal), Int64(second.kvUsed))
    keepGreatest()
  }

  /// What a rank did in a second; empty when its readings are old.
  @Loop
  init(_ meter: ProcessMeter<RankStats>, at now: Double) {
    self.init()
    guard let page = meter.page, !meter.isStale(at: now) else { return }
    (self[.rankReadings], self[.running], self[.waiting]) = (
      1, Int64(page[.running]), Int64(page[.waiting])
    )
    (self[.blocksTotal], self[.blocksUsed]) = (Int64(page[.kvBlocksTotal]), Int64(page[.kvBlocksUsed]))
    keepGreatest()
    guard let interval = meter.interval else { return }
    func gained(_ slot: RankStats.Counter) -> Int64 { meter.delta(slot) ?? 0 }
    self[.countedMilliseconds] = Int64(interval * 1000)
    self[.requests] =
      gained(.requestsStopped) + gained(.requestsAtLength) + gained(.requestsAborted)
      + gained(.requestsFailed)
    self[.failed] = gained(.requestsFailed)
    self[.aborted] = gained(.requestsAborted)
    self[.promptTokens] = gained(.promptTokens)
    self[.generationTokens] = gained(.generationTokens)
    self[.rankMilliseconds] = Int64(interval * 1000)
    self[.preemptions] = gained(.preemptions)
    // An engine of others does not say where its time went.
    if page[.busyNanoseconds] > 0 {
      self[.toldMilliseconds] = Int64(interval * 1000)
      self[.busyMilliseconds] = gained(.busyNanoseconds) / 1_000_000
      self[.dummyMilliseconds] = gained(.dummyNanoseconds) / 1_000_000
    }
    count(
      ttft: meter.gained(.ttft),
      tpot: meter.gained(.tpot))
  }

  /// Adds to the application's second what only its ranks know.
  mutating func count(rank: HistorySample) {
    for field: HistoryField in [
      .toldMilliseconds, .busyMilliseconds, .dummyMilliseconds, .rankMilliseconds, .preemptions,
    ] { self[field] += rank[field] }
  }

  private mutating func keepGreatest() {
    (self[.queueDepthMost], self[.runningMost], self[.waitingMost]) = (
      self[.queueDepth], self[.running], self[.waiting]
    )
    if let used = ratio(.blocksUsed, per: .blocksTotal) {
      self[.blocksUsedMost] = Int64(used * Self.shareScale)
    }
  }

  /// Shares are kept in ten-thousandths.
  static let shareScale = 10_000.0
}
