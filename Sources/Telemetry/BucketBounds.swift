/// The bucket bounds of vLLM's histograms (0.32), in seconds where they are times, so that its dashboards fit ours.
public enum BucketBounds {
  /// `vllm:time_to_first_token_seconds`.
  public static let timeToFirstToken: [Double] = [
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160,
    640,
    2560,
  ]

  /// `vllm:inter_token_latency_seconds` and `vllm:request_time_per_output_token_seconds`.
  public static let timePerOutputToken: [Double] = [
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
  ]

  /// `vllm:e2e_request_latency_seconds` and the queue, prefill, decode and inference times.
  public static let requestLatency: [Double] = [
    0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680,
  ]

  /// `vllm:iteration_tokens_total`.
  public static let iterationTokens: [Double] = [
    1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384,
  ]

  /// `vllm:request_params_n`.
  public static let choices: [Double] = [1, 2, 5, 10, 20]

  /// `vllm:request_num_preemptions`.
  public static let preemptions: [Double] = [1, 2, 3, 4, 5, 10, 20]

  /// A step and its phases: 1, 2 and 5 times powers of ten from 10 microseconds on.
  public static let stepPhases: [Double] = [
    0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5,
    1, 2, 5, 10,
  ]

  /// Pieces of a step's exchange.
  public static let chunks: [Double] = [1, 2, 4, 8, 16, 32, 64]

  /// Steps of 1, 2 and 5 times powers of ten up to `limit`, for lengths in tokens.
  public static func lengths(upTo limit: Int) -> [Double] {
    var bounds: [Double] = []
    var decade = 1
    while decade <= limit {
      bounds += [1, 2, 5].map { $0 * decade }.filter { $0 <= limit }.map(Double.init)
      guard !decade.multipliedReportingOverflow(by: 10).overflow else { break }
      decade *= 10
    }
    return bounds
  }
}
