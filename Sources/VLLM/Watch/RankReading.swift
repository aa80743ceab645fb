public import Telemetry

/// What a rank's `/metrics` says, of all engines of the page together.
public struct RankReading: Sendable, Equatable {
  /// Steps of the engine.
  public var steps = 0
  /// Tokens put in and given out.
  public var promptTokens = 0, generationTokens = 0
  /// Requests by how they ended.
  public var stopped = 0, atLength = 0, aborted = 0, failed = 0
  /// Sequences thrown back for want of KV blocks.
  public var preemptions = 0
  /// Prefix-cache look-ups and hits, in tokens.
  public var prefixQueries = 0, prefixHits = 0
  /// Requests in steps and those not yet, as of the last step.
  public var running = 0, waiting = 0
  /// The share of the KV caches in use, as the mean over the engines.
  public var cacheUsage: Double { engines > 0 ? cacheUsages / Double(engines) : 0 }
  /// Blocks of the KV caches; nil when the page does not tell.
  public var cacheBlocks: Int?

  private var engines = 0
  private var cacheUsages = 0.0

  /// Reads a page.
  ///
  /// - Throws: the first malformed line.
  public init(page: some Collection<UInt8>) throws(PrometheusError) {
    for sample in try PrometheusReader.samples(in: page, where: { $0.hasPrefix("vllm:") }) { add(sample) }
  }

  private mutating func add(_ sample: PrometheusSample) {
    let value = Int(sample.value.isFinite ? min(max(sample.value, 0), 9e15) : 0)
    switch sample.name.dropFirst(5) {
    case "iteration_tokens_total_count": steps += value
    case "prompt_tokens_total": promptTokens += value
    case "generation_tokens_total": generationTokens += value
    case "num_preemptions_total": preemptions += value
    case "prefix_cache_queries_total": prefixQueries += value
    case "prefix_cache_hits_total": prefixHits += value
    case "num_requests_running": running += value
    case "num_requests_waiting": waiting += value
    case "kv_cache_usage_perc":
      engines += 1
      cacheUsages += sample.value
    case "cache_config_info":
      let blocks = ["num_gpu_blocks", "num_cpu_blocks"].lazy.compactMap {
        sample[label: $0].flatMap { Int($0) }
      }
      if let blocks = blocks.first { cacheBlocks = (cacheBlocks ?? 0) &+ blocks }
    case "request_success_total": count(value, sample[label: "finished_reason"] ?? "")
    default: break
    }
  }

  private mutating func count(_ value: Int, _ reason: String) {
    switch reason {
    case "stop": stopped += value
    case "length": atLength += value
    case "abort": aborted += value
    case "error": failed += value
    default: break
    }
  }
}
