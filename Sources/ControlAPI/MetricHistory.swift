/// A number of an application's past, by the name that its JSON has.
public enum HistoryMetric: String, Codable, Sendable, CaseIterable {
  /// Requests that came to an end, per second.
  case requestsPerSecond = "requests_per_second"
  /// Prompt tokens, per second.
  case promptTokensPerSecond = "prompt_tokens_per_second"
  /// Output tokens, per second.
  case generationTokensPerSecond = "generation_tokens_per_second"
  /// Share of the requests that failed.
  case errorRatio = "error_ratio"
  /// Share of the requests that were refused; not of ranks.
  case refusedRatio = "refused_ratio"
  /// Share of the requests whose client left.
  case abortedRatio = "aborted_ratio"
  /// Median time to first token.
  case ttftP50Seconds = "ttft_p50_seconds"
  /// Its 95th percentile.
  case ttftP95Seconds = "ttft_p95_seconds"
  /// Its 99th percentile.
  case ttftP99Seconds = "ttft_p99_seconds"
  /// Median time per output token of a request.
  case tpotP50Seconds = "tpot_p50_seconds"
  /// Its 95th percentile.
  case tpotP95Seconds = "tpot_p95_seconds"
  /// Its 99th percentile.
  case tpotP99Seconds = "tpot_p99_seconds"
  /// Requests that wait in the ingress, in the mean and at the most; not of ranks.
  case queueDepth = "queue_depth", queueDepthMax = "queue_depth_max"
  /// Requests in the ranks' batches, in the mean and at the most.
  case running, runningMax = "running_max"
  /// Requests that wait inside the ranks, in the mean and at the most.
  case waiting, waitingMax = "waiting_max"
  /// Share of the KV blocks in use, in the mean and at the most.
  case kvUsageRatio = "kv_usage_ratio", kvUsageMaxRatio = "kv_usage_max_ratio"
  /// Busy share of the compute loops.
  case gpuUtilizationRatio = "gpu_utilization_ratio"
  /// Share of the time in steps that only kept the group in step.
  case dummyRatio = "dummy_ratio"
  /// Requests thrown back to waiting for want of KV blocks, per second.
  case preemptionsPerSecond = "preemptions_per_second"

  /// Whether a rank has it.
  public var appliesToRanks: Bool {
    switch self {
    case .refusedRatio, .queueDepth, .queueDepthMax: false
    default: true
    }
  }
}

/// A step of the past.
public struct HistoryStep: Codable, Sendable, Hashable {
  /// When it began, RFC 3339 in UTC.
  public var time: String
  /// The metrics that were asked for and apply, by name; null where nobody knew.
  public var values: [String: Known<Double>]

  /// Collects a step.
  public init(time: String, values: [HistoryMetric: Double?]) {
    self.time = time
    self.values = Dictionary(uniqueKeysWithValues: values.map { ($0.rawValue, Known($1)) })
  }

  /// A metric's value; nil where nobody knew it, or it does not apply.
  public subscript(metric: HistoryMetric) -> Double? { values[metric.rawValue]?.value }
}

/// An application's or a rank's past: the answer of `GET /v1/applications/NAME/history`.
public struct MetricHistory: Codable, Sendable, Hashable {
  /// Always `dpdeploy/v1`.
  public var apiVersion = "dpdeploy/v1"
  /// Always `MetricHistory`.
  public var kind = "MetricHistory"
  /// The version of this shape.
  public var schemaVersion = "1.0"
  /// The application.
  public var application: String
  /// The rank and its group; absent for the application's own numbers.
  public var group: Int?
  /// The rank; absent for the application's own numbers.
  public var rank: Int?
  /// The length of a step, which is more than was asked for where the past is kept in longer ones.
  public var stepSeconds: Int
  /// The steps, oldest first, from the first that is known to the present one, which is not over.
  public var steps: [HistoryStep]

  /// Collects the past.
  public init(
    application: String, group: Int? = nil, rank: Int? = nil, stepSeconds: Int, steps: [HistoryStep]
  ) {
    self.application = application
    self.group = group
    self.rank = rank
    self.stepSeconds = stepSeconds
    self.steps = steps
  }
}

/// Which part of the past is asked for: the parameters of `/v1/applications/NAME/history`.
public struct HistoryQuery: Sendable, Hashable {
  /// So many seconds back from now.
  public var since: Int
  /// The length of a step in seconds; nil takes one in which the whole fills about a screen.
  public var step: Int?
  /// Of this rank, and not of the application.
  public var rank: Int?
  /// The rank's group; nil is the first.
  public var group: Int?
  /// These metrics only; none is all.
  public var metrics: [HistoryMetric]

  /// The last hour is looked at where nothing else is said.
  public static let usualSince = 3600

  /// Asks for a part of the past.
  public init(
    since: Int = usualSince, step: Int? = nil, rank: Int? = nil, group: Int? = nil,
    metrics: [HistoryMetric] = []
  ) {
    self.since = since
    self.step = step
    self.rank = rank
    self.group = group
    self.metrics = metrics
  }

  /// Reads the parameters of a request, each by its name; nil when one of them is no such thing.
  public init?(parameters value: (_ name: String) -> String?) {
    var numbers: [String: Int] = [:]
    for name in ["since", "step", "rank", "group"] {
      guard let text = value(name) else { continue }
      guard let number = Int(text), number >= (name == "since" || name == "step" ? 1 : 0), number <= 1 << 30
      else {
        return nil
      }
      numbers[name] = number
    }
    let names = (value("metric") ?? "").split(separator: ",").map(String.init)
    self.init(
      since: numbers["since"] ?? Self.usualSince, step: numbers["step"], rank: numbers["rank"],
      group: numbers["group"], metrics: names.compactMap(HistoryMetric.init))
    guard metrics.count == names.count else { return nil }
  }

  /// The parameters that are given, in a fixed order.
  public var parameters: [(name: String, value: String)] {
    let names = metrics.isEmpty ? nil : metrics.map(\.rawValue).joined(separator: ",")
    let all: [(String, String?)] = [
      ("since", String(since)), ("step", step.map(String.init)), ("rank", rank.map(String.init)),
      ("group", group.map(String.init)), ("metric", names),
    ]
    return all.compactMap { name, value in value.map { (name, $0) } }
  }
}
