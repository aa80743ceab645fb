import ControlAPI
import Platform
import Telemetry

extension ApplicationRunner {
  /// A look into the application, as far as its processes tell; its latencies over the last `window` seconds.
  func insight(over window: Double, wall: Double) -> Insight {
    Insight(latency: latency(over: window, wall: wall), experts: expertLoads(at: MonotonicClock.seconds))
  }

  private func latency(over window: Double, wall: Double) -> LatencyInsight {
    LatencyInsight(
      windowSeconds: window,
      distributions: LatencyMetric.allCases.map { metric in
        let sketch = meter.recent(metric, over: window)
        return LatencyDistribution(
          metric: metric, summary: LatencySummary(sketch), percentiles: percentiles(sketch),
          columns: meter.latencies.columns(metric, now: wall))
      },
      parts: LatencyPart.Kind.allCases.map { kind in
        LatencyPart(kind: kind, summary: LatencySummary(meter.recent(kind, over: window)))
      })
  }

  private func percentiles(_ sketch: QuantileSketch) -> [Double] {
    (0...100).compactMap { sketch.quantile(Double($0) / 100) }
  }

  private func expertLoads(at now: Double) -> ExpertInsight? {
    let told = ranks.values.sorted { ($0.place.group, $0.place.rank) < ($1.place.group, $1.place.rank) }
      .filter { !$0.meter.isStale(at: now) }
      .compactMap { rank in rank.experts.recent(at: now).map { (rank: rank, recent: $0) } }
    guard let shape = told.first?.rank.experts.shape else { return nil }
    let same = told.filter { $0.recent.rows.count == shape.layers * shape.experts }
    let loads = ExpertLoads(
      shape: shape, ranks: same.map { (id(of: $0.rank.place), $0.recent.rows) })
    return ExpertInsight(
      windowSeconds: same.map(\.recent.seconds).max() ?? 0, ranks: loads.ranks.map(\.id), rows: loads.rows,
      balancedness: loads.balancedness, hottest: loads.hottest(12), time: same.map { time(of: $0.rank.meter) }
    )
  }

  private func id(of place: RankPlace) -> String {
    let groups = Set(ranks.keys.map(\.group))
    return groups.count > 1 || place.group > 0 ? "g\(place.group)-dp\(place.rank)" : "dp\(place.rank)"
  }

  private func time(of meter: ProcessMeter<RankStats>) -> StepTime {
    var time = StepTime()
    time.attention = Known(meter.share(.attentionNanoseconds))
    time.experts = Known(meter.share(.expertsNanoseconds))
    time.communication = Known(meter.share(.communicationWaitNanoseconds))
    time.sample = Known(meter.share(.sampleNanoseconds))
    time.dummy = Known(meter.share(.dummyNanoseconds))
    time.idle = Known(meter.share(.idleNanoseconds))
    return time
  }
}

/// What the ranks' expert tables say together.
struct ExpertLoads {
  let shape: (layers: Int, experts: Int)
  /// Each rank's rows, layer by layer and in each by expert.
  let ranks: [(id: String, rows: [UInt64])]

  /// For every layer, the rows of each rank.
  var rows: [[Int]] {
    (0..<shape.layers).map { layer in
      ranks.map { Int(clamping: $0.rows[range(layer)].reduce(0, &+)) }
    }
  }

  /// For every layer, the mean over the greatest of its ranks' rows.
  var balancedness: [Known<Double>] {
    rows.map { loads in
      guard let most = loads.max(), most > 0 else { return .unknown }
      return .known(Double(loads.reduce(0, +)) / Double(loads.count) / Double(most))
    }
  }

  /// The experts with the most rows over what their layer's have in the mean.
  func hottest(_ count: Int) -> [HotExpert] {
    var all: [(layer: Int, expert: Int, rows: UInt64, times: Double)] = []
    for layer in 0..<shape.layers {
      let sums = (0..<shape.experts).map { expert in
        ranks.reduce(UInt64(0)) { $0 &+ $1.rows[layer * shape.experts + expert] }
      }
      let mean = Double(sums.reduce(0, &+)) / Double(max(1, shape.experts))
      guard mean > 0 else { continue }
      all += sums.enumerated().map { (layer, $0.offset, $0.element, Double($0.element) / mean) }
    }
    return all.sorted { ($0.times, $1.layer, $1.expert) > ($1.times, $0.layer, $0.expert) }.prefix(count).map
    {
      hot in
      let owners = ranks.filter { $0.rows[hot.layer * shape.experts + hot.expert] > 0 }.map(\.id)
      return HotExpert(
        layer: hot.layer, expert: hot.expert, ranks: owners, rows: Int(clamping: hot.rows),
        timesMean: hot.times)
    }
  }

  private func range(_ layer: Int) -> Range<Int> { layer * shape.experts..<(layer + 1) * shape.experts }
}
