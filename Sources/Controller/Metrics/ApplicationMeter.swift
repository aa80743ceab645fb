import ControlAPI
import Platform
import Telemetry

/// The sums over an application's replicas: second by second for the window, and as points for the charts.
struct ApplicationMeter {
  /// What one second brought.
  struct Second: WindowStep {
    /// When it ended, on the monotonic clock.
    var end: Double
    /// Its length; nil in the first.
    var length: Double?
    var requests: Int64 = 0
    var failed: Int64 = 0
    var refused: Int64 = 0
    var aborted: Int64 = 0
    var promptTokens: Int64 = 0
    var generationTokens: Int64 = 0
    var latencies: [LatencyMetric: QuantileSketch] = [:]
    var parts: [LatencyPart.Kind: QuantileSketch] = [:]
    /// Present values; nil when nobody reports.
    var queueDepth: Int?
    var running: Int?
    var waiting: Int?
    var kvUsed = 0.0
    var kvTotal = 0.0
    /// The age of the oldest reading that was counted.
    var age: Double?

    mutating func add(_ later: Second) {
      var sum = later
      if let length { sum.length = length + (later.length ?? 0) }
      sum.requests += requests
      sum.failed += failed
      sum.refused += refused
      sum.aborted += aborted
      sum.promptTokens += promptTokens
      sum.generationTokens += generationTokens
      for (metric, sketch) in latencies { sum.latencies[metric, default: QuantileSketch()].merge(sketch) }
      for (kind, sketch) in parts { sum.parts[kind, default: QuantileSketch()].merge(sketch) }
      self = sum
    }
  }

  /// The window of a status for which none is asked, in seconds.
  static let window = 10.0
  /// A rate over less than this says more about the moment than about the load.
  private static let shortestSpan = 0.5
  private var seconds = SteppedWindow<Second>()
  /// The points of the last hour, each with its place in the controller's record.
  private(set) var history = Ring<(sequence: Int, point: HistoryPoint)>(capacity: 3600)

  /// The distributions of the last minutes.
  private(set) var latencies = LatencyHistory()

  /// Takes a second over; `time` is the wall clock's.
  mutating func append(_ second: Second, sequence: Int, time: Double) {
    seconds.append(second)
    for (metric, sketch) in second.latencies {
      latencies.append(LatencyColumn(sketch, time: time), metric)
    }
    history.append((sequence, Self.point(second, time)))
  }

  /// What a metric's values in the last `window` seconds were.
  func recent(_ metric: LatencyMetric, over window: Double) -> QuantileSketch {
    merged(over: window) { $0.latencies[metric] }
  }

  /// What a part of the requests' time was in the last `window` seconds.
  func recent(_ part: LatencyPart.Kind, over window: Double) -> QuantileSketch {
    merged(over: window) { $0.parts[part] }
  }

  private func merged(over window: Double, _ sketch: (Second) -> QuantileSketch?) -> QuantileSketch {
    guard let last = seconds.last else { return QuantileSketch() }
    return seconds.recent(window, before: last.end).compactMap(sketch)
      .reduce(into: QuantileSketch()) { $0.merge($1) }
  }

  /// The sums of the last `window` seconds.
  func metrics(over window: Double = ApplicationMeter.window) -> ApplicationMetrics {
    var metrics = ApplicationMetrics(windowSeconds: window)
    guard let last = seconds.last else { return metrics }
    let recent = seconds.recent(window, before: last.end).filter { $0.length != nil }
    let span = recent.compactMap(\.length).reduce(0, +)
    if span >= Self.shortestSpan {
      func rate(_ value: KeyPath<Second, Int64>) -> Known<Double> {
        .known(Double(recent.map { $0[keyPath: value] }.reduce(0, +)) / span)
      }
      metrics.requestsPerSecond = rate(\.requests)
      metrics.promptTokensPerSecond = rate(\.promptTokens)
      metrics.generationTokensPerSecond = rate(\.generationTokens)
      let requests = recent.map(\.requests).reduce(0, +)
      func share(_ value: KeyPath<Second, Int64>) -> Known<Double> {
        guard requests > 0 else { return .unknown }
        return .known(min(1, Double(recent.map { $0[keyPath: value] }.reduce(0, +)) / Double(requests)))
      }
      metrics.errorRatio = share(\.failed)
      metrics.refusedRatio = share(\.refused)
      metrics.abortedRatio = share(\.aborted)
    }
    metrics.ttftSeconds = LatencySummary(self.recent(.ttft, over: window))
    metrics.tpotSeconds = LatencySummary(self.recent(.tpot, over: window))
    metrics.itlSeconds = LatencySummary(self.recent(.itl, over: window))
    metrics.queueDepth = Known(last.queueDepth)
    metrics.running = Known(last.running)
    metrics.waiting = Known(last.waiting)
    metrics.kvUsageRatio = Known(last.kvRatio)
    metrics.ageSeconds = Known(last.age)
    return metrics
  }

  private static func point(_ second: Second, _ time: Double) -> HistoryPoint {
    var point = HistoryPoint(time: time)
    if let length = second.length, length > 0 {
      point.requestsPerSecond = Double(second.requests) / length
      point.promptTokensPerSecond = Double(second.promptTokens) / length
      point.generationTokensPerSecond = Double(second.generationTokens) / length
    }
    point.ttftP50Seconds = second.latencies[.ttft]?.quantile(0.5)
    point.ttftP99Seconds = second.latencies[.ttft]?.quantile(0.99)
    point.tpotP50Seconds = second.latencies[.tpot]?.quantile(0.5)
    point.tpotP99Seconds = second.latencies[.tpot]?.quantile(0.99)
    point.queueDepth = second.queueDepth.map(Double.init)
    point.running = second.running.map(Double.init)
    point.kvUsageRatio = second.kvRatio
    return point
  }
}

extension LatencySummary {
  /// The summary of a sketch, exact within its buckets.
  init(_ sketch: QuantileSketch) {
    self.init(
      p50: Known(sketch.quantile(0.5)), p90: Known(sketch.quantile(0.9)), p99: Known(sketch.quantile(0.99)),
      mean: Known(sketch.mean), count: Int(sketch.count))
  }
}

extension ApplicationMeter.Second {
  var kvRatio: Double? { kvTotal > 0 ? kvUsed / kvTotal : nil }

  /// Counts a rank's present values.
  @Loop
  mutating func count(_ meter: ProcessMeter<RankStats>, at now: Double) {
    guard let page = meter.page, !meter.isStale(at: now) else { return }
    running = (running ?? 0) + Int(page[.running])
    waiting = (waiting ?? 0) + Int(page[.waiting])
    kvUsed += page[.kvBlocksUsed]
    kvTotal += page[.kvBlocksTotal]
    age = max(age ?? 0, meter.age(at: now) ?? 0)
    take(meter, [.itl: .itl], [.rankQueue: .queue, .prefill: .prefill, .decode: .decode])
  }

  /// Counts what an ingress replica did for clients: the one place where each request is seen once.
  @Loop
  mutating func count(_ meter: ProcessMeter<IngressStats>, at now: Double) {
    guard let page = meter.page, !meter.isStale(at: now) else { return }
    queueDepth = (queueDepth ?? 0) + Int(page[.queueDepth])
    age = max(age ?? 0, meter.age(at: now) ?? 0)
    guard let interval = meter.interval else { return }
    length = max(length ?? 0, interval)
    requests += meter.delta(.requests) ?? 0
    failed += (meter.delta(.serverErrors) ?? 0) + (meter.delta(.tooManyRequests) ?? 0)
    refused +=
      (meter.delta(.queueFull) ?? 0) + (meter.delta(.queueTimeouts) ?? 0)
      + (meter.delta(.tooManyRequests) ?? 0)
    aborted += meter.delta(.clientAborts) ?? 0
    promptTokens += meter.delta(.promptTokens) ?? 0
    generationTokens += meter.delta(.generationTokens) ?? 0
    take(
      meter, [.ttft: .ttft, .tpot: .tpot, .e2e: .e2e], [.ingressQueue: .queueWait, .route: .routeOverhead])
  }

  /// Adds what a process' distributions gained.
  @Loop
  private mutating func take<Role>(
    _ meter: ProcessMeter<Role>, _ metrics: KeyValuePairs<LatencyMetric, Role.Sketch>,
    _ kinds: KeyValuePairs<LatencyPart.Kind, Role.Sketch>
  ) {
    for (metric, slot) in metrics {
      latencies[metric, default: QuantileSketch()].merge(meter.gained(slot))
    }
    for (kind, slot) in kinds { parts[kind, default: QuantileSketch()].merge(meter.gained(slot)) }
  }
}
