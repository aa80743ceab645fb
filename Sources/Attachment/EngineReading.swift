public import Telemetry

/// One engine of a page: whose series they are.
public struct EngineKey: Hashable, Comparable, Sendable {
  /// The model that clients name.
  public var model: String
  /// The engine's label: its rank under data parallelism.
  public var engine: String
  /// What keeps engines of several processes of one page apart, such as Ray's worker; empty elsewhere.
  public var process: String

  /// Names an engine.
  public init(model: String, engine: String, process: String) {
    self.model = model
    self.engine = engine
    self.process = process
  }

  /// Orders by model, process and rank.
  public static func < (a: EngineKey, b: EngineKey) -> Bool {
    if a.model != b.model { return a.model < b.model }
    if a.process != b.process { return a.process < b.process }
    return (Int(a.engine) ?? .max, a.engine) < (Int(b.engine) ?? .max, b.engine)
  }
}

/// What a page says of one engine at one time.
public struct EngineReading: Equatable, Sendable {
  var counters: [MetricMeaning.Counter: Double] = [:]
  /// Requests that ended in an error, of ``MetricMeaning/Counter/requests``; nil when the page does not tell.
  var failed: Double?
  var gauges: [MetricMeaning.Gauge: Double] = [:]
  var latencies: [MetricMeaning.Latency: BucketHistogram] = [:]

  init() {}

  /// What is known of one that only relays: requests so far, and those of the moment.
  public init(requests: Double?, running: Double?) {
    counters[.requests] = requests
    gauges[.running] = running
  }

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
public struct EnginePage: Sendable {
  /// What it tells of each so far; empty for a page that tells of none.
  public private(set) var engines: [EngineKey: EngineReading] = [:]

  /// A page of which nothing was read.
  public init() {}

  /// Whether a series of this name tells of an engine.
  public static func isWanted(_ name: String) -> Bool { MetricName.parse(name) != nil }

  /// Takes a sample over; one that tells of no engine is left out.
  public mutating func take(_ sample: PrometheusSample) {
    // Exporters write NaN for what they do not know, and no count is that large.
    guard let (meaning, part) = MetricName.parse(sample.name), abs(sample.value) < 1e15 else { return }
    let key = EngineKey(
      model: sample[label: "model_name"] ?? "",
      engine: sample[label: "engine"] ?? sample[label: "dp_rank"] ?? "0",
      process: sample[label: "ReplicaId"] ?? sample[label: "WorkerId"] ?? "")
    engines[key, default: EngineReading()].add(sample, meaning, part)
  }

  /// Reads a whole page.
  static func read(_ page: some Collection<UInt8>) throws(PrometheusError) -> [EngineKey: EngineReading] {
    var result = EnginePage()
    for sample in try PrometheusReader.samples(in: page, where: isWanted) { result.take(sample) }
    return result.engines
  }
}
