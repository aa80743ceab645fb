/// What an engine did between Prometheus' looks at it, over the last minutes.
struct ScrapedWindow {
  /// As much as is ever asked for, in seconds.
  private static let longest = 300.0
  /// Looks that follow each other faster are added up, so that no window has many.
  private static let shortestStep = 5.0
  /// As often as Prometheus looks unless it is told otherwise, in seconds.
  private static let usualInterval = 60.0

  private var steps: [EngineIncrease] = []
  /// The last times between two looks.
  private var gaps: [Double] = []
  /// What the last look brought, with what the one before it left, and the share of it that was brought on.
  private var newest: EngineIncrease?
  private var brought = 0.0

  /// The time between two looks, as far as that is known; some may have failed.
  var interval: Double { gaps.min() ?? Self.usualInterval }

  /// How long before the last look the one before it was; nil where there was none.
  var lastGap: Double? { gaps.last }

  /// Adds what was new at a look.
  mutating func append(_ step: EngineIncrease) {
    gaps = (gaps + [step.length]).suffix(4)
    let rest = part(brought..<1)
    newest = step
    for (latency, histogram) in rest {
      newest?.latencies[latency, default: BucketHistogram()].merge(histogram)
    }
    brought = 0
    if let last = steps.last, last.length + step.length <= Self.shortestStep {
      steps[steps.count - 1].add(step)
    } else {
      steps.append(step)
    }
    steps.removeAll { $0.end <= step.end - Self.longest }
  }

  /// The steps of which most lies in the last `span` seconds before the last look, and in any case the last.
  func recent(_ span: Double) -> [EngineIncrease] {
    guard let end = steps.last?.end else { return [] }
    let recent = steps.filter { $0.end - $0.length / 2 > end - span }
    return recent.isEmpty ? steps.suffix(1) : recent
  }

  /// The part of the last look that was not brought yet: nobody knows when in it which request was, so it is spread over
  /// as long a time as it is of.
  mutating func bring(until now: Double) -> [EngineIncrease] {
    guard var next = newest else { return [] }
    let share = max(brought, min(1, (now - next.end) / next.length))
    next.latencies = part(brought..<share)
    brought = share
    return [next]
  }

  private func part(_ share: Range<Double>) -> [MetricMeaning.Latency: BucketHistogram] {
    newest?.latencies.mapValues { $0.part(share) } ?? [:]
  }
}
