public import Telemetry

/// One engine of a page: whose series they are.
public struct EngineKey: Hashable, Comparable, Sendable {
  /// The model that clients name.
  public var model: String
  /// Where Prometheus reads the engine, by its `instance` label; empty for what is read here.
  public var instance: String
  /// The engine's label: its rank under data parallelism.
  public var engine: String
  /// What keeps engines of several processes of one page apart, such as Ray's worker; empty elsewhere.
  public var process: String

  /// Names an engine.
  public init(model: String, instance: String = "", engine: String, process: String) {
    self.model = model
    self.instance = instance
    self.engine = engine
    self.process = process
  }

  /// Orders by model, process and rank.
  public static func < (a: EngineKey, b: EngineKey) -> Bool {
    if a.model != b.model { return a.model < b.model }
    if a.process != b.process { return a.process < b.process }
    return (Int(a.engine) ?? .max, a.engine, a.instance) < (Int(b.engine) ?? .max, b.engine, b.instance)
  }
}

/// A series of an engine: whose it is and what it tells.
struct EngineSeries {
  let key: EngineKey
  fileprivate let meaning: MetricMeaning
  fileprivate let part: MetricName.Part
  /// The bucket's upper bound, where it is one.
  fileprivate let bound: Double?
  /// Whether it counts requests that failed; nil where it does not say how they ended.
  fileprivate let countsFailures: Bool?

  /// Knows a series by its name and labels; nil for what is not an engine's.
  ///
  /// - Parameter isScraped: whether they are Prometheus', with the labels of its own.
  init?(name: String, isScraped: Bool, label: (_ name: String) -> String?) {
    guard let (meaning, part) = MetricName.parse(name) else { return nil }
    self.meaning = meaning
    self.part = part
    bound = label("le").flatMap { $0 == "+Inf" ? .infinity : Double($0) }.flatMap { $0.isNaN ? nil : $0 }
    if part == .bucket, bound == nil { return nil }
    countsFailures = label("finished_reason").map { $0 == "error" }
    let worker = label("ReplicaId") ?? label("WorkerId") ?? ""
    key = EngineKey(
      model: label("model_name") ?? "", instance: isScraped ? label("instance") ?? "" : "",
      engine: label("engine") ?? label("dp_rank") ?? "0",
      // Two jobs that read one engine make two of it; in one its values would be doubled.
      process: isScraped ? (label("job") ?? "") + worker : worker)
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

  /// Takes in what a series says.
  mutating func add(_ value: Double, _ series: EngineSeries) {
    // Exporters write NaN for what they do not know, and no count is that large.
    guard abs(value) < 1e15 else { return }
    switch (series.meaning, series.part) {
    case (.counter(let counter), _):
      counters[counter, default: 0] += value
      guard counter == .requests, let countsFailures = series.countsFailures else { return }
      failed = (failed ?? 0) + (countsFailures ? value : 0)
    case (.gauge(let gauge), _):
      gauges[gauge, default: 0] += value
    case (.latency(let latency), .bucket):
      guard let bound = series.bound else { return }
      latencies[latency, default: BucketHistogram()].add(bound: bound, count: value)
    case (.latency(let latency), .sum):
      latencies[latency, default: BucketHistogram()].sum += value
    case (.latency, _): break
    }
  }
}

/// A reading, and when it was made, in seconds of its source's clock.
struct TimedReading: Equatable {
  var time: Double
  var reading: EngineReading
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
    guard let series = EngineSeries(name: sample.name, isScraped: false, label: { sample[label: $0] }) else {
      return
    }
    engines[series.key, default: EngineReading()].add(sample.value, series)
  }

  /// Reads a whole page.
  static func read(_ page: some Collection<UInt8>) throws(PrometheusError) -> [EngineKey: EngineReading] {
    var result = EnginePage()
    for sample in try PrometheusReader.samples(in: page, where: isWanted) { result.take(sample) }
    return result.engines
  }
}
