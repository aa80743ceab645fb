public import ControlAPI

/// Engines that somebody else watches over, as far as metrics pages tell of them.
///
/// Pure: readings and times are given to it.
public struct EngineFleet: Sendable {
  /// All engines as those of one source.
  private var engines = AttachedSources(pages: [""], startedAt: 0)
  private let pace: Double

  /// A fleet of which nothing is known yet, to be read every `pace` seconds.
  public init(pace: Double) { self.pace = pace }

  /// Takes a round of readings over; engines that are told of no more are forgotten once they are stale.
  ///
  /// - Parameters:
  ///   - now: On the monotonic clock, in seconds.
  ///   - wallClock: Seconds since 1970.
  public mutating func take(_ readings: [EngineKey: EngineReading], at now: Double, wallClock: Double) {
    var meters = engines.sources[0].engines.filter { $0.value.isFresh(at: now) }
    for (key, reading) in readings { meters[key, default: EngineMeter(pace: pace)].take(reading, at: now) }
    engines.sources[0].engines = meters
    engines.noteLatencies(at: now, wallClock: wallClock)
  }

  /// The sums of the last `window` seconds.
  public func metrics(over window: Double, at now: Double) -> ApplicationMetrics {
    engines.metrics(over: window, at: now)
  }

  /// The last increase, for the charts.
  public func point(at now: Double, wallClock: Double) -> HistoryPoint {
    engines.point(at: now, wallClock: wallClock)
  }

  /// A look into all engines; of their experts pages tell nothing.
  public func insight(over window: Double, at now: Double, wallClock: Double) -> Insight {
    engines.insight(over: window, at: now, wallClock: wallClock)
  }

  /// Writes what is known of the engines that `isOwn` names into the status of the replica that runs them.
  public func describe(
    _ replica: inout ReplicaStatus, over window: Double, at now: Double, where isOwn: (EngineKey) -> Bool
  ) {
    let metrics = only(isOwn).metrics(over: window, at: now)
    replica.running = metrics.running
    replica.waiting = metrics.waiting
    if replica.role == .rank { replica.kvUsageRatio = metrics.kvUsageRatio }
    replica.requestsPerSecond = metrics.requestsPerSecond
    replica.generationTokensPerSecond = metrics.generationTokensPerSecond
    replica.ttftP50Seconds = metrics.ttftSeconds.p50
    replica.tpotP50Seconds = metrics.tpotSeconds.p50
  }

  /// What the engines that `isOwn` names gained since they were read before; nil when that is not known.
  public func gain(at now: Double, where isOwn: (EngineKey) -> Bool = { _ in true }) -> EngineGain? {
    let own = only(isOwn)
    let last = own.fresh(at: now).flatMap { $0.newest(at: now) }
    guard let seconds = last.map(\.length).max() else { return nil }
    func count(_ counter: MetricMeaning.Counter) -> Double {
      last.compactMap { $0.counters[counter] }.reduce(0, +)
    }
    let present = own.metrics(over: seconds, at: now)
    return EngineGain(
      seconds: seconds, requests: count(.requests), failed: last.compactMap(\.failed).reduce(0, +),
      promptTokens: count(.promptTokens), generationTokens: count(.generationTokens),
      preemptions: count(.preemptions), running: present.running.value, waiting: present.waiting.value,
      kvUsage: present.kvUsageRatio.value)
  }

  private func only(_ isOwn: (EngineKey) -> Bool) -> AttachedSources {
    var own = engines
    own.sources[0].engines = own.sources[0].engines.filter { isOwn($0.key) }
    return own
  }
}

/// What engines did between their last two readings.
public struct EngineGain: Sendable, Equatable {
  /// The time between.
  public var seconds: Double
  /// Requests that ended.
  public var requests: Double
  /// Requests that ended in an error.
  public var failed: Double
  /// Prompt tokens.
  public var promptTokens: Double
  /// Output tokens.
  public var generationTokens: Double
  /// Requests thrown back to waiting.
  public var preemptions: Double
  /// Requests that run now; nil when nobody tells.
  public var running: Int?
  /// Requests that wait now; nil when nobody tells.
  public var waiting: Int?
  /// The share of KV blocks in use now; nil when nobody tells.
  public var kvUsage: Double?
}
