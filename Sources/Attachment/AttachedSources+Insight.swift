public import ControlAPI
import Telemetry

// How late requests are, out of histograms with other buckets than ours.
extension AttachedSources {
  /// A look into all engines that are read now; of their experts pages tell nothing.
  ///
  /// - Parameters:
  ///   - window: Over how many of the last seconds to take summaries and percentiles.
  ///   - now: On the monotonic clock, in seconds.
  ///   - wallClock: Seconds since 1970.
  public func insight(over window: Double, at now: Double, wallClock: Double) -> Insight {
    let recent = fresh(at: now).map { $0.recent(window, before: now) }
    let parts: [(LatencyPart.Kind, MetricMeaning.Latency)] = [
      (.rankQueue, .queue), (.prefill, .prefill), (.decode, .decode),
    ]
    return Insight(
      latency: LatencyInsight(
        windowSeconds: window,
        distributions: LatencyMetric.allCases.map { metric in
          let histogram = merged(recent.map { $0.distribution(of: metric) })
          return LatencyDistribution(
            metric: metric, summary: summary(histogram), percentiles: histogram.percentiles,
            columns: latencies.columns(metric, now: wallClock))
        },
        parts: parts.compactMap { kind, latency in
          let histogram = merged(recent.map { $0.histogram(latency) })
          return histogram.bounds.isEmpty ? nil : LatencyPart(kind: kind, summary: summary(histogram))
        }), experts: nil)
  }

  /// Keeps what the last second brought, for heat maps.
  mutating func noteLatencies(at now: Double, wallClock: Double) {
    let last = sources.indices.flatMap { sources[$0].bring(until: now) }
    for metric in LatencyMetric.allCases {
      let histogram = merged(last.map { $0.distribution(of: metric) })
      latencies.append(LatencyColumn(time: wallClock, buckets: histogram.scaled), metric)
    }
  }
}

extension [EngineIncrease] {
  /// The histogram that tells of a metric.
  func distribution(of metric: LatencyMetric) -> BucketHistogram {
    switch metric {
    case .ttft: histogram(.ttft)
    case .tpot: timePerOutputToken
    case .itl: histogram(.interToken)
    case .e2e: histogram(.whole)
    }
  }
}
