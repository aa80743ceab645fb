/// What a series of an engine's page tells, whatever engine and version wrote it.
enum MetricMeaning: Hashable {
  /// A number that only grows.
  enum Counter: CaseIterable { case requests, promptTokens, generationTokens, preemptions }
  /// A number of the moment.
  enum Gauge: CaseIterable { case running, waiting, kvUsage, busyShare }
  /// A distribution of seconds.
  ///
  /// `whole` is a request's time from arrival to end; `queue` and `prefill` are its parts before the first token,
  /// `decode` is the rest.
  enum Latency: CaseIterable { case ttft, tpot, interToken, whole, queue, prefill, decode }

  case counter(Counter)
  case gauge(Gauge)
  case latency(Latency)
}

/// The names of vLLM (with those of its past), SGLang and Ray's exporter, folded.
///
/// Ray prefixes `ray_` and turns colons into underscores; the `_total` of counters comes and goes with exporters.
enum MetricName {
  private static let known: [String: MetricMeaning] = [
    "request_success": .counter(.requests),
    "num_requests": .counter(.requests),  // SGLang
    "prompt_tokens": .counter(.promptTokens),
    "generation_tokens": .counter(.generationTokens),
    "num_preemptions": .counter(.preemptions),
    "num_requests_running": .gauge(.running),
    "num_running_reqs": .gauge(.running),  // SGLang
    "num_requests_waiting": .gauge(.waiting),
    "num_queue_reqs": .gauge(.waiting),  // SGLang
    "kv_cache_usage_perc": .gauge(.kvUsage),
    "gpu_cache_usage_perc": .gauge(.kvUsage),  // vLLM before 0.9
    "token_usage": .gauge(.kvUsage),  // SGLang
    "time_to_first_token_seconds": .latency(.ttft),
    "request_time_per_output_token_seconds": .latency(.tpot),
    "inter_token_latency_seconds": .latency(.interToken),
    "time_per_output_token_seconds": .latency(.interToken),  // vLLM before 0.11, SGLang
    "e2e_request_latency_seconds": .latency(.whole),
    "request_queue_time_seconds": .latency(.queue),
    "queue_time_seconds": .latency(.queue),  // SGLang
    "request_prefill_time_seconds": .latency(.prefill),
    "request_decode_time_seconds": .latency(.decode),
  ]

  /// The names as a regular expression, for Prometheus.
  static var pattern: String {
    "(ray_)?(vllm|sglang)[:_](\(known.keys.sorted().joined(separator: "|")))(_total|_bucket|_sum)?"
  }

  /// One part of a series' name.
  enum Part { case value, bucket, sum, count }

  /// The name's meaning and part; nil for what is not an engine's.
  static func parse(_ name: String) -> (meaning: MetricMeaning, part: Part)? {
    var rest = name[...]
    if rest.hasPrefix("ray_") { rest = rest.dropFirst(4) }
    guard let prefix = ["vllm", "sglang"].first(where: { rest.hasPrefix($0) }) else { return nil }
    rest = rest.dropFirst(prefix.count)
    guard let separator = rest.first, separator == ":" || separator == "_" else { return nil }
    rest = rest.dropFirst()
    if let meaning = known[String(rest)] { return isWhole(meaning) ? (meaning, .value) : nil }
    for (suffix, part) in [("_bucket", Part.bucket), ("_sum", .sum), ("_count", .count), ("_total", .value)]
    where rest.hasSuffix(suffix) {
      guard let meaning = known[String(rest.dropLast(suffix.count))] else { continue }
      return isWhole(meaning) == (part == .value) ? (meaning, part) : nil
    }
    return nil
  }

  private static func isWhole(_ meaning: MetricMeaning) -> Bool {
    if case .latency = meaning { false } else { true }
  }
}
