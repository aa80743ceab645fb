import Telemetry

/// What an engine did between two readings.
struct EngineIncrease: WindowStep {
  /// When it ended, on the monotonic clock.
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
  private let pace: Double

  /// A meter that is read every `pace` seconds.
  init(pace: Double = 1) {
    self.pace = pace
    increases = SteppedWindow(pace: pace)
  }

  /// Takes a reading over.
  ///
  /// A counter that shrank began anew: all of its value is new.
  mutating func take(_ next: EngineReading, at now: Double) {
    defer {
      reading = next
      readAt = now
    }
    guard let readAt, now > readAt else { return }
    func delta(_ new: Double, _ old: Double) -> Double { new < old ? new : new - old }
    var increase = EngineIncrease(end: now, length: now - readAt)
    for (counter, value) in next.counters {
      increase.counters[counter] = delta(value, reading.counters[counter] ?? 0)
    }
    if let failed = next.failed { increase.failed = delta(failed, reading.failed ?? 0) }
    for (latency, histogram) in next.latencies {
      increase.latencies[latency] = histogram.since(reading.latencies[latency] ?? BucketHistogram())
    }
    increases.append(increase)
  }

  /// The increases of the last `span` seconds before `now`.
  func recent(_ span: Double, before now: Double) -> [EngineIncrease] {
    increases.recent(span, before: now)
  }

  /// The newest increase, unless the next one is overdue.
  func newest(at now: Double) -> [EngineIncrease] {
    increases.last.flatMap { $0.end > now - 1.5 * pace ? [$0] : nil } ?? []
  }

  func age(at now: Double) -> Double? { readAt.map { now - $0 } }

  /// Readings that two others should have followed are not counted.
  func isFresh(at now: Double) -> Bool { age(at: now).map { $0 <= 3 * pace } ?? false }
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
