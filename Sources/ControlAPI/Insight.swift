/// What a look into one application takes: the answer of `GET /v1/applications/NAME/insight`.
///
/// Larger than a status, so it is asked for only while somebody looks.
public struct Insight: Codable, Sendable, Hashable {
  /// How late requests are, and with what their first token was late.
  public var latency: LatencyInsight
  /// How the experts are loaded; absent when no rank tells.
  public var experts: ExpertInsight?

  /// Collects a look.
  public init(latency: LatencyInsight, experts: ExpertInsight?) {
    self.latency = latency
    self.experts = experts
  }
}

/// Distributions of durations, merged over all replicas by adding their buckets.
public struct LatencyInsight: Codable, Sendable, Hashable {
  /// The length of the window of summaries and percentiles.
  public var windowSeconds: Double
  /// The distributions.
  public var distributions: [LatencyDistribution]
  /// What the time to first token is made of, in the order in which a request meets it, and what comes after.
  public var parts: [LatencyPart]

  enum CodingKeys: String, CodingKey {
    case windowSeconds = "window_seconds"
    case distributions, parts
  }

  /// Collects distributions.
  public init(windowSeconds: Double, distributions: [LatencyDistribution], parts: [LatencyPart]) {
    self.windowSeconds = windowSeconds
    self.distributions = distributions
    self.parts = parts
  }
}

/// A kind of duration whose distribution is told.
public enum LatencyMetric: String, Codable, Sendable, CaseIterable {
  /// From arrival at the ingress to the first token.
  case ttft
  /// Per output token after the first, one value a request.
  case tpot
  /// Between two tokens, one value a token, inside the ranks.
  case itl
  /// From arrival at the ingress to the end.
  case e2e
}

/// One kind of duration: the window's percentiles, and what each past second brought.
public struct LatencyDistribution: Codable, Sendable, Hashable {
  /// Which kind.
  public var metric: LatencyMetric
  /// The window's summary.
  public var summary: LatencySummary
  /// The 0th to 100th percentile of the window; empty when nothing was measured.
  public var percentiles: [Double]
  /// The past, oldest first; seconds in which nothing was measured are left out.
  public var columns: [LatencyColumn]

  /// Collects a distribution.
  public init(
    metric: LatencyMetric, summary: LatencySummary, percentiles: [Double], columns: [LatencyColumn]
  ) {
    self.metric = metric
    self.summary = summary
    self.percentiles = percentiles
    self.columns = columns
  }
}

/// What one second brought, in the buckets of ``LatencyScale``.
public struct LatencyColumn: Codable, Sendable, Hashable {
  /// Seconds since 1970.
  public var time: Double
  /// The bucket of the first count.
  public var first: Int
  /// Values in each bucket from there on.
  public var counts: [Int]

  enum CodingKeys: String, CodingKey {
    case time = "t"
    case first, counts
  }

  /// Collects a second.
  public init(time: Double, first: Int, counts: [Int]) {
    self.time = time
    self.first = first
    self.counts = counts
  }

  /// Collects a second from a count for every bucket; nil when nothing was counted.
  public init?(time: Double, buckets: [Int]) {
    guard let first = buckets.firstIndex(where: { $0 > 0 }), let last = buckets.lastIndex(where: { $0 > 0 })
    else { return nil }
    self.init(time: time, first: first, counts: Array(buckets[first...last]))
  }
}

/// The buckets of heat maps: two to each doubling, from below a millisecond to beyond two minutes.
public enum LatencyScale {
  /// How many there are.
  public static let bucketCount = 36
  private static let halfOctave = 1.414_213_562_373_095_1

  /// The largest value of a bucket, in seconds; infinite for the last.
  public static func upperBound(_ bucket: Int) -> Double {
    guard bucket < bucketCount - 1 else { return .infinity }
    var bound = 0.001
    for _ in 0..<max(0, bucket) { bound *= halfOctave }
    return bound
  }

  private static let bounds = (0..<bucketCount).map(upperBound)

  /// The bucket of a duration in seconds.
  public static func bucket(of seconds: Double) -> Int {
    bounds.firstIndex { seconds <= $0 } ?? bucketCount - 1
  }
}

/// A part of the time of a request.
public struct LatencyPart: Codable, Sendable, Hashable {
  /// Which part.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// Waiting in the ingress for a rank.
    case ingressQueue = "ingress_queue"
    /// The ingress' own work until the rank has the request.
    case route
    /// Waiting inside the rank.
    case rankQueue = "rank_queue"
    /// From the first step with the request to its first token.
    case prefill
    /// From its first token to its last: no part of the time to first token.
    case decode
  }

  /// Which part.
  public var kind: Kind
  /// How long it takes.
  public var summary: LatencySummary

  /// States a part.
  public init(kind: Kind, summary: LatencySummary) {
    self.kind = kind
    self.summary = summary
  }
}

/// How the tokens spread over experts and ranks, over the last ten to twenty seconds.
public struct ExpertInsight: Codable, Sendable, Hashable {
  /// The length of that time.
  public var windowSeconds: Double
  /// The ranks, by id; rows stand in this order.
  public var ranks: [String]
  /// For every layer with experts, the rows (one per token and expert) that each rank computed.
  public var rows: [[Int]]
  /// For every layer, the mean over the greatest of its rows, in (0, 1]; unknown for a layer without any.
  public var balancedness: [Known<Double>]
  /// The experts with the most rows over all layers, the first one first.
  public var hottest: [HotExpert]
  /// How each rank spends its time, in the order of the ranks.
  public var time: [StepTime]

  enum CodingKeys: String, CodingKey {
    case windowSeconds = "window_seconds"
    case ranks, rows, balancedness, hottest, time
  }

  /// Collects loads.
  public init(
    windowSeconds: Double, ranks: [String], rows: [[Int]], balancedness: [Known<Double>],
    hottest: [HotExpert], time: [StepTime]
  ) {
    self.windowSeconds = windowSeconds
    self.ranks = ranks
    self.rows = rows
    self.balancedness = balancedness
    self.hottest = hottest
    self.time = time
  }
}

/// An expert that has much to do.
public struct HotExpert: Codable, Sendable, Hashable {
  /// Its layer, counted among those with experts.
  public var layer: Int
  /// Its number in the layer.
  public var expert: Int
  /// The ranks that computed rows for it, by id.
  public var ranks: [String]
  /// The rows that they computed.
  public var rows: Int
  /// Those rows over what each expert of the layer has in the mean.
  public var timesMean: Double

  enum CodingKeys: String, CodingKey {
    case layer, expert, ranks, rows
    case timesMean = "times_mean"
  }

  /// States a load.
  public init(layer: Int, expert: Int, ranks: [String], rows: Int, timesMean: Double) {
    self.layer = layer
    self.expert = expert
    self.ranks = ranks
    self.rows = rows
    self.timesMean = timesMean
  }
}

/// Shares of a rank's time over the window, each from 0 to 1.
public struct StepTime: Codable, Sendable, Hashable {
  /// Computing attention and all else of the model that is not experts.
  public var attention: Known<Double>
  /// Computing experts, and waiting for rows: communication is a part of it.
  public var experts: Known<Double>
  /// Waiting in dispatch and combine.
  public var communication: Known<Double>
  /// Choosing tokens.
  public var sample: Known<Double>
  /// Steps without a request of this rank.
  public var dummy: Known<Double>
  /// Paused, as the whole group is idle.
  public var idle: Known<Double>

  /// A time of which nothing is known.
  public init() {
    (attention, experts, communication) = (.unknown, .unknown, .unknown)
    (sample, dummy, idle) = (.unknown, .unknown, .unknown)
  }
}
