import Telemetry

/// One engine of a page: whose series they are.
struct EngineKey: Hashable, Comparable {
  /// The model that clients name.
  var model: String
  /// The engine's label: its rank under data parallelism.
  var engine: String
  /// What keeps engines of several processes of one page apart, such as Ray's worker; empty elsewhere.
  var process: String

  static func < (a: EngineKey, b: EngineKey) -> Bool {
    if a.model != b.model { return a.model < b.model }
    if a.process != b.process { return a.process < b.process }
    return (Int(a.engine) ?? .max, a.engine) < (Int(b.engine) ?? .max, b.engine)
  }
}

/// What a page says of one engine at one time.
struct EngineReading: Equatable {
  var counters: [MetricMeaning.Counter: Double] = [:]
  /// Requests that ended in an error, of ``MetricMeaning/Counter/requests``; nil when the page does not tell.
  var failed: Double?
  var gauges: [MetricMeaning.Gauge: Double] = [:]
  var latencies: [MetricMeaning.Latency: BucketHistogram] = [:]

  fileprivate mutating func add(_ sample: PrometheusSample, _ meaning: MetricMeaning, _ part: MetricName.Part)
  {
    switch (meaning, part) {
    case (.counter(let counter), _):
      counters[counter, default: 0] += sample.value
      guard counter == .requests, let reason = sample[label: "finished_reason"] else { return }
      failed = (failed ?? 0) + (reason == "error" ? sample.value : 0)
    case (.gauge(let gauge), _):
      gauges[gauge, default: 0] += sample.value
    case (.latency(let latency), .bucket):
      guard let label = sample[label: "le"], let bound = label == "+Inf" ? .infinity : Double(label),
        !bound.isNaN
      else { return }
      latencies[latency, default: BucketHistogram()].add(bound: bound, count: sample.value)
    case (.latency(let latency), .sum):
      latencies[latency, default: BucketHistogram()].sum += sample.value
    case (.latency, _): break
    }
  }
}

/// The engines of a metrics page.
enum EnginePage {
  /// Reads a page; one that tells of no engine gives none.
  static func read(_ page: some Collection<UInt8>) throws(PrometheusError) -> [EngineKey: EngineReading] {
    var engines: [EngineKey: EngineReading] = [:]
    for sample in try PrometheusReader.samples(in: page, where: { MetricName.parse($0) != nil }) {
      // Exporters write NaN for what they do not know, and no count is that large.
      guard let (meaning, part) = MetricName.parse(sample.name), abs(sample.value) < 1e15 else { continue }
      let key = EngineKey(
        model: sample[label: "model_name"] ?? "",
        engine: sample[label: "engine"] ?? sample[label: "dp_rank"] ?? "0",
        process: sample[label: "ReplicaId"] ?? sample[label: "WorkerId"] ?? "")
      engines[key, default: EngineReading()].add(sample, meaning, part)
    }
    return engines
  }
}
