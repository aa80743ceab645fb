import Telemetry

/// What an engine did between two readings.
struct EngineIncrease: WindowStep {
  /// When it ended, in seconds of the source's clock.
  var end: Double
  /// Its length in seconds.
  var length: Double
  var counters: [MetricMeaning.Counter: Double] = [:]
  var failed: Double?
  var latencies: [MetricMeaning.Latency: BucketHistogram] = [:]

  mutating func add(_ later: EngineIncrease) {
    end = later.end
    length += later.length
    for (counter, value) in later.counters { counters[counter, default: 0] += value }
    if let more = later.failed { failed = (failed ?? 0) + more }
    for (latency, histogram) in later.latencies {
      latencies[latency, default: BucketHistogram()].merge(histogram)
    }
  }
}

/// One engine's last reading, and its increases over the window.
struct EngineMeter {
  /// Over how long rates and quantiles of an engine are taken, in seconds.
  static let window = 10.0

  private(set) var reading = EngineReading()
  private(set) var readAt: Double?
  private var increases: SteppedWindow<EngineIncrease>
  /// Increases between Prometheus' looks; nil where the looks are ours.
  private(set) var scrapes: ScrapedWindow?
  private let pace: Double

  /// A meter that knows nothing yet and is read every `pace` seconds, or, where it `isScraped`, when Prometheus does.
  init(isScraped: Bool = false, pace: Double = 1) {
    self.pace = pace
    increases = SteppedWindow(pace: pace)
    scrapes = isScraped ? ScrapedWindow() : nil
  }

  /// Takes a reading over, unless it is not newer than the last.
  ///
  /// A counter that shrank began anew: all of its value is new.
  mutating func take(_ next: EngineReading, at time: Double) {
    guard readAt.map({ time > $0 }) ?? true else { return }
    defer {
      reading = next
      readAt = time
    }
    guard let readAt else { return }
    func delta(_ new: Double, _ old: Double) -> Double { new < old ? new : new - old }
    var increase = EngineIncrease(end: time, length: time - readAt)
    for (counter, value) in next.counters {
      increase.counters[counter] = delta(value, reading.counters[counter] ?? 0)
    }
    if let failed = next.failed { increase.failed = delta(failed, reading.failed ?? 0) }
    for (latency, histogram) in next.latencies {
      increase.latencies[latency] = histogram.since(reading.latencies[latency] ?? BucketHistogram())
    }
    if scrapes?.append(increase) == nil { increases.append(increase) }
  }

  /// The increases of the last `span` seconds before `now`; of an engine that Prometheus reads, before it last did.
  func recent(_ span: Double, before now: Double) -> [EngineIncrease] {
    guard let scrapes else { return increases.recent(span, before: now) }
    return isFresh(at: now) ? scrapes.recent(span) : []
  }

  /// The newest increase, unless the next one is overdue; of an engine that Prometheus reads, that of its last look.
  func newest(at now: Double) -> [EngineIncrease] { Array(recent(1.5 * pace, before: now).suffix(1)) }

  /// What came since this was last asked, for what counts everything up.
  mutating func bring(until now: Double) -> [EngineIncrease] {
    scrapes?.bring(until: now) ?? newest(at: now)
  }

  func age(at now: Double) -> Double? { readAt.map { now - $0 } }

  /// Readings that two others should have followed are not counted.
  func isFresh(at now: Double) -> Bool { age(at: now).map { $0 <= freshness } ?? false }

  /// What is older is not counted: of an engine that Prometheus reads, what is older than its look that should have come,
  /// with time for a page that comes slowly.
  private var freshness: Double { scrapes.map { 1.5 * $0.interval + 1 } ?? 3 * pace }
}

extension [EngineIncrease] {
  /// The increase per second; nil where nothing is told.
  func rate(_ counter: MetricMeaning.Counter) -> Double? {
    let told = filter { $0.counters[counter] != nil }
    let seconds = told.reduce(0) { $0 + $1.length }
    return seconds > 0 ? told.reduce(0) { $0 + ($1.counters[counter] ?? 0) } / seconds : nil
  }

  func histogram(_ latency: MetricMeaning.Latency) -> BucketHistogram {
    reduce(into: BucketHistogram()) { $0.merge($1.latencies[latency] ?? BucketHistogram()) }
  }

  /// Time per output token, one value a request; engines that do not tell it give one a token, which is what they have.
  var timePerOutputToken: BucketHistogram {
    let requests = histogram(.tpot)
    return requests.bounds.isEmpty ? histogram(.interToken) : requests
  }
}
