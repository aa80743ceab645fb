/// What the scheduler counts; the sources of vLLM's gauges and counters.
public struct SchedulerCounters: Sendable, Hashable {
  /// Requests that hold blocks (`vllm:num_requests_running`).
  public internal(set) var running = 0
  /// Requests that do not (`vllm:num_requests_waiting`).
  public internal(set) var waiting = 0
  /// KV blocks in use.
  public internal(set) var blocksUsed = 0
  /// KV blocks in all.
  public internal(set) var blocksTotal = 0
  /// Sequences that lost their blocks since the start (`vllm:num_preemptions`).
  public internal(set) var preemptions: UInt64 = 0
  /// Prompt tokens looked up in the prefix cache (`vllm:prefix_cache_queries`).
  public internal(set) var prefixQueries: UInt64 = 0
  /// Prompt tokens found there (`vllm:prefix_cache_hits`).
  public internal(set) var prefixHits: UInt64 = 0
  /// Blocks of the prefix cache that were overwritten.
  public internal(set) var evictions: UInt64 = 0

  /// Used blocks as a share of all, 0 to 1 (`vllm:kv_cache_usage_perc`).
  public var kvUsage: Double { blocksTotal == 0 ? 0 : Double(blocksUsed) / Double(blocksTotal) }
}
