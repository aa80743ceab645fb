import OpenAI
import Platform
import Telemetry

/// Measures requests on the loop's thread: histograms for `/metrics`, counters and sketches for the stats page.
@Loop
final class RequestMetrics {
  /// How a sequence ended, as `vllm:request_success_total` labels it.
  enum Outcome: String, CaseIterable {
    case stop, length, aborted = "abort", failed = "error"
  }

  let stats: StatsPageWriter<RankStats>
  private(set) var timeToFirstToken = Histogram(bounds: BucketBounds.timeToFirstToken)
  private(set) var interTokenLatency = Histogram(bounds: BucketBounds.timePerOutputToken)
  private(set) var timePerOutputToken = Histogram(bounds: BucketBounds.timePerOutputToken)
  private(set) var endToEnd = Histogram(bounds: BucketBounds.requestLatency)
  private(set) var queue = Histogram(bounds: BucketBounds.requestLatency)
  private(set) var inference = Histogram(bounds: BucketBounds.requestLatency)
  private(set) var prefill = Histogram(bounds: BucketBounds.requestLatency)
  private(set) var decode = Histogram(bounds: BucketBounds.requestLatency)
  private(set) var iterationTokens = Histogram(bounds: BucketBounds.iterationTokens)
  private(set) var choiceCounts = Histogram(bounds: BucketBounds.choices)
  private(set) var promptLengths: Histogram
  private(set) var outputLengths: Histogram
  private(set) var tokenLimits: Histogram
  private(set) var longestOutputs: Histogram
  private(set) var computedPrompts: Histogram
  private(set) var preemptions = Histogram(bounds: BucketBounds.preemptions)
  private(set) var cachedPromptTokens = 0
  private(set) var queueRefusals = 0
  private(set) var views = 0
  /// Ranks in the group.
  var groupRanks = 1
  private(set) var resumedRequests = 0
  private(set) var resumedTokens = 0
  let steps = StepMetrics()

  init(stats: StatsPageWriter<RankStats>, maxModelLength: Int) {
    self.stats = stats
    let lengths = Histogram(bounds: BucketBounds.lengths(upTo: maxModelLength))
    (promptLengths, outputLengths, tokenLimits) = (lengths, lengths, lengths)
    (longestOutputs, computedPrompts) = (lengths, lengths)
  }

  /// Counts a request that was accepted.
  func accepted(_ sequences: [RequestPlanner.Sequence], choices: Int) {
    choiceCounts.observe(Double(choices))
    for sequence in sequences { tokenLimits.observe(Double(sequence.maxNewTokens)) }
  }

  /// Counts what a step computed and where its time went.
  func step(_ report: StepReport) {
    iterationTokens.observe(Double(report.computedTokens))
    steps.observe(report)
  }

  /// Counts a request that another rank began.
  func resumed(tokens: Int) {
    resumedRequests += 1
    resumedTokens += tokens
  }

  /// Counts a sequence that the full waiting queue did not take.
  func refusedForQueue() { queueRefusals += 1 }

  /// Counts a change of the group's membership, and keeps how many ranks it has now.
  func enteredView(ranks: Int) {
    views += 1
    groupRanks = ranks
  }

  /// Measures a token as it reaches the loop.
  func token(_ answer: Answer, _ choice: Int, at now: Instant) {
    let times = answer.times[choice]
    if let gap = answer.mark(choice, at: now) {
      interTokenLatency.observe(gap.inSeconds)
      stats.record(.itl, gap.inSeconds)
    } else {
      let wait = (now - times.arrival).inSeconds
      timeToFirstToken.observe(wait)
      stats.record(.ttft, wait)
      stats.add(.promptTokens, answer.choices[choice].promptTokens)
      cachedPromptTokens += times.cachedTokens
    }
  }

  /// Counts a sequence that did not come to its end.
  func finished(_ outcome: Outcome) {
    switch outcome {
    case .stop: stats.add(.requestsStopped)
    case .length: stats.add(.requestsAtLength)
    case .aborted: stats.add(.requestsAborted)
    case .failed: stats.add(.requestsFailed)
    }
  }

  /// Measures a sequence that came to its end.
  func finished(_ reason: FinishReason, _ answer: Answer, _ choice: Int) {
    switch reason {
    case .stop: finished(.stop)
    case .length: finished(.length)
    case .abort: finished(.aborted)
    }
    let generated = answer.choices[choice].tokens.count
    promptLengths.observe(Double(answer.choices[choice].promptTokens))
    outputLengths.observe(Double(generated))
    let times = answer.times[choice]
    computedPrompts.observe(Double(answer.choices[choice].promptTokens - times.cachedTokens))
    preemptions.observe(Double(times.preemptions))
    if answer.isFinished { longestOutputs.observe(Double(answer.choices.map(\.tokens.count).max() ?? 0)) }
    guard let first = times.first, let last = times.last else { return }
    let admitted = times.admitted ?? times.arrival
    observe(&endToEnd, .e2e, last - times.arrival)
    observe(&queue, .queue, admitted - times.arrival)
    observe(&prefill, .prefill, first - admitted)
    observe(&decode, .decode, last - first)
    inference.observe((last - admitted).inSeconds)
    guard generated > 1 else { return }
    observe(&timePerOutputToken, .tpot, (last - first) / (generated - 1))
  }

  private func observe(_ histogram: inout Histogram, _ sketch: RankStats.Sketch, _ time: Duration) {
    histogram.observe(time.inSeconds)
    stats.record(sketch, time.inSeconds)
  }

  /// How many sequences ended that way.
  func count(_ outcome: Outcome) -> Int64 {
    switch outcome {
    case .stop: stats.value(.requestsStopped)
    case .length: stats.value(.requestsAtLength)
    case .aborted: stats.value(.requestsAborted)
    case .failed: stats.value(.requestsFailed)
    }
  }
}
