/// How an application does, over the last window, summed over its fresh replicas.
public struct ApplicationMetrics: Codable, Sendable, Hashable {
  /// Requests answered, per second.
  public var requestsPerSecond: Known<Double>
  /// Prompt tokens, per second.
  public var promptTokensPerSecond: Known<Double>
  /// Output tokens, per second.
  public var generationTokensPerSecond: Known<Double>
  /// Time to first token as clients of the ingress see it, queueing included.
  public var ttftSeconds: LatencySummary
  /// Time per output token after the first, one value a request.
  public var tpotSeconds: LatencySummary
  /// Time between two tokens of a request, as the ranks see it; absent from a controller that does not say.
  public var itlSeconds: LatencySummary?
  /// Requests that wait in the ingress for a rank.
  public var queueDepth: Known<Int>
  /// Requests in the ranks' batches.
  public var running: Known<Int>
  /// Requests that wait inside the ranks.
  public var waiting: Known<Int>
  /// Share of all KV blocks in use, from 0 to 1.
  public var kvUsageRatio: Known<Double>
  /// Share of the requests that failed, from 0 to 1; unknown when there was none.
  public var errorRatio: Known<Double>
  /// Share of the requests that were refused, as the queue was full or the wait too long, from 0 to 1.
  public var refusedRatio: Known<Double>?
  /// Share of the requests whose client left before the end, from 0 to 1.
  public var abortedRatio: Known<Double>?
  /// The window's length.
  public var windowSeconds: Double
  /// The age of the oldest reading that is counted.
  public var ageSeconds: Known<Double>

  enum CodingKeys: String, CodingKey {
    case requestsPerSecond = "requests_per_second"
    case promptTokensPerSecond = "prompt_tokens_per_second"
    case generationTokensPerSecond = "generation_tokens_per_second"
    case ttftSeconds = "ttft_seconds"
    case tpotSeconds = "tpot_seconds"
    case itlSeconds = "itl_seconds"
    case queueDepth = "queue_depth"
    case running, waiting
    case kvUsageRatio = "kv_usage_ratio"
    case errorRatio = "error_ratio"
    case refusedRatio = "refused_ratio"
    case abortedRatio = "aborted_ratio"
    case windowSeconds = "window_seconds"
    case ageSeconds = "age_seconds"
  }

  /// Readings of which none is known yet.
  public init(windowSeconds: Double) {
    requestsPerSecond = .unknown
    promptTokensPerSecond = .unknown
    generationTokensPerSecond = .unknown
    ttftSeconds = LatencySummary()
    tpotSeconds = LatencySummary()
    queueDepth = .unknown
    running = .unknown
    waiting = .unknown
    kvUsageRatio = .unknown
    errorRatio = .unknown
    self.windowSeconds = windowSeconds
    ageSeconds = .unknown
  }
}

/// A distribution of durations in seconds; all but the count are unknown when nothing was measured.
public struct LatencySummary: Codable, Sendable, Hashable {
  /// Half of the values are no larger.
  public var p50: Known<Double>
  /// Nine in ten are no larger.
  public var p90: Known<Double>
  /// 99 in a hundred are no larger.
  public var p99: Known<Double>
  /// Their sum over their count, exact.
  public var mean: Known<Double>
  /// How many values there were.
  public var count: Int
  /// True when the quantiles are interpolated within the buckets of a foreign histogram; absent when they are exact.
  public var isEstimate: Bool?

  enum CodingKeys: String, CodingKey {
    case p50, p90, p99, mean, count
    case isEstimate = "estimate"
  }

  /// Collects a summary; without arguments, of nothing.
  public init(
    p50: Known<Double> = .unknown, p90: Known<Double> = .unknown, p99: Known<Double> = .unknown,
    mean: Known<Double> = .unknown, count: Int = 0
  ) {
    self.p50 = p50
    self.p90 = p90
    self.p99 = p99
    self.mean = mean
    self.count = count
  }
}

/// One second of an application's past, for charts; a value that was not known then is absent.
public struct HistoryPoint: Codable, Sendable, Hashable {
  /// Seconds since 1970.
  public var time: Double
  /// Requests answered in that second.
  public var requestsPerSecond: Double?
  /// Prompt tokens in that second.
  public var promptTokensPerSecond: Double?
  /// Output tokens in that second.
  public var generationTokensPerSecond: Double?
  /// Median time to first token of that second's requests.
  public var ttftP50Seconds: Double?
  /// 99th percentile of the same.
  public var ttftP99Seconds: Double?
  /// Median time per output token of that second's requests.
  public var tpotP50Seconds: Double?
  /// 99th percentile of the same.
  public var tpotP99Seconds: Double?
  /// Requests waiting in the ingress.
  public var queueDepth: Double?
  /// Requests in the ranks' batches.
  public var running: Double?
  /// Share of KV blocks in use, from 0 to 1.
  public var kvUsageRatio: Double?

  enum CodingKeys: String, CodingKey {
    case time = "t"
    case requestsPerSecond = "requests_per_second"
    case promptTokensPerSecond = "prompt_tokens_per_second"
    case generationTokensPerSecond = "generation_tokens_per_second"
    case ttftP50Seconds = "ttft_p50_seconds"
    case ttftP99Seconds = "ttft_p99_seconds"
    case tpotP50Seconds = "tpot_p50_seconds"
    case tpotP99Seconds = "tpot_p99_seconds"
    case queueDepth = "queue_depth"
    case running
    case kvUsageRatio = "kv_usage_ratio"
  }

  /// A second of which nothing is known.
  public init(time: Double) { self.time = time }
}
