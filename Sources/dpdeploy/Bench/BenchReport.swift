import ControlAPI
import Platform

/// What a run of `dpdeploy bench` measured, at the client.
struct BenchReport: Codable, Sendable {
  var apiVersion = "dpdeploy/v1"
  var kind = "BenchReport"
  var schemaVersion = "1.1"
  /// The application, or the URL that was asked.
  var application: String
  var model: String
  /// From the first counted request to the last answer.
  var elapsedSeconds: Double
  /// Whether it ended before its plan did.
  var isInterrupted: Bool
  var requests: Int
  var failures: Int
  /// How often each kind of failure was seen.
  var failureKinds: [String: Int]
  var requestsPerSecond: Double
  var promptTokensPerSecond: Double
  var generationTokensPerSecond: Double
  var ttftSeconds: Distribution
  var tpotSeconds: Distribution
  var itlSeconds: Distribution
  var e2elSeconds: Distribution

  enum CodingKeys: String, CodingKey {
    case apiVersion, kind, schemaVersion, application, model, failureKinds
    case elapsedSeconds = "elapsed_seconds"
    case isInterrupted = "interrupted"
    case requests, failures
    case requestsPerSecond = "requests_per_second"
    case promptTokensPerSecond = "prompt_tokens_per_second"
    case generationTokensPerSecond = "generation_tokens_per_second"
    case ttftSeconds = "ttft_seconds"
    case tpotSeconds = "tpot_seconds"
    case itlSeconds = "itl_seconds"
    case e2elSeconds = "e2el_seconds"
  }

  init(
    application: String, model: String, elapsed: Duration, samples: [RequestSample],
    isInterrupted: Bool = false
  ) {
    self.application = application
    self.model = model
    self.isInterrupted = isInterrupted
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
    ttftSeconds = Distribution(of: answered.compactMap(\.ttft))
    tpotSeconds = Distribution(of: answered.compactMap(\.tpot))
    itlSeconds = Distribution(of: answered.flatMap(\.gaps))
    e2elSeconds = Distribution(of: answered.compactMap(\.e2el))
  }

  /// Whether every request was answered, and there were some.
  var isClean: Bool { failures == 0 && requests > 0 }
}
