import ControlAPI
import Platform

/// What a run of `dpdeploy bench` measured, at the client.
struct BenchReport: Codable, Sendable {
  var apiVersion = "dpdeploy/v1"
  var kind = "BenchReport"
  var schemaVersion = "1.0"
  var application: String
  var model: String
  /// From the first request to the last answer.
  var elapsedSeconds: Double
  var requests: Int
  var failures: Int
  /// How often each kind of failure was seen.
  var failureKinds: [String: Int]
  var requestsPerSecond: Double
  var promptTokensPerSecond: Double
  var generationTokensPerSecond: Double
  var ttftSeconds: LatencySummary
  var tpotSeconds: LatencySummary
  var requestSeconds: LatencySummary

  enum CodingKeys: String, CodingKey {
    case apiVersion, kind, schemaVersion, application, model, failureKinds
    case elapsedSeconds = "elapsed_seconds"
    case requests, failures
    case requestsPerSecond = "requests_per_second"
    case promptTokensPerSecond = "prompt_tokens_per_second"
    case generationTokensPerSecond = "generation_tokens_per_second"
    case ttftSeconds = "ttft_seconds"
    case tpotSeconds = "tpot_seconds"
    case requestSeconds = "request_seconds"
  }

  init(application: String, model: String, elapsed: Duration, samples: [RequestSample]) {
    self.application = application
    self.model = model
    let answered = samples.filter { $0.failure == nil }
    elapsedSeconds = max(elapsed.inSeconds, 1e-9)
    requests = samples.count
    failures = samples.count - answered.count
    failureKinds = samples.reduce(into: [:]) { counts, sample in
      if let failure = sample.failure { counts[failure.kind, default: 0] += 1 }
    }
    requestsPerSecond = Double(answered.count) / elapsedSeconds
    promptTokensPerSecond = Double(answered.reduce(0) { $0 + $1.promptTokens }) / elapsedSeconds
    generationTokensPerSecond = Double(answered.reduce(0) { $0 + $1.outputTokens }) / elapsedSeconds
    ttftSeconds = LatencySummary(of: answered.compactMap(\.ttft))
    tpotSeconds = LatencySummary(of: answered.compactMap(\.tpot))
    requestSeconds = LatencySummary(of: answered.map { ($0.end - $0.start).inSeconds })
  }
}

extension LatencySummary {
  /// The exact quantiles of `values`: the smallest value that the share of them does not exceed.
  init(of values: [Double]) {
    let sorted = values.sorted()
    func quantile(_ share: Double) -> Known<Double> {
      guard !sorted.isEmpty else { return .unknown }
      let rank = Int((share * Double(sorted.count)).rounded(.up))
      return .known(sorted[min(max(rank, 1), sorted.count) - 1])
    }
    self.init(
      p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99),
      mean: sorted.isEmpty ? .unknown : .known(sorted.reduce(0, +) / Double(sorted.count)),
      count: sorted.count)
  }
}
