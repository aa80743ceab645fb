import ControlAPI

extension Rule {
  /// H06: some requests' tokens come much slower than others', as long prompts and big batches hold steps up.
  static let headOfLine = Rule { observation in
    let tpot = observation.metrics.tpotSeconds
    guard tpot.count >= 20, let median = tpot.p50.value, let tail = tpot.p99.value, median > 0,
      tail > 3 * median,
      tail > observation.settings.tpotSeconds ?? 0.05
    else { return [] }
    let budget = max(observation.settings.maxNumBatchedTokens / 2, 16)
    return [
      Hint(
        id: "H06", severity: .warning,
        title: "high latency: prompts hold decoding up (head-of-line blocking)",
        evidence: [
          "TPOT p99 \(milliseconds(tail)) against p50 \(milliseconds(median)), n=\(tpot.count)",
          "a step may hold \(observation.settings.maxNumBatchedTokens) tokens",
        ],
        field: "llm_config.engine_kwargs.max_num_batched_tokens", value: String(budget),
        advice: "smaller steps let decoding go on between the chunks of a long prompt")
    ]
  }

  /// H07: the KV cache is full, so requests are preempted and computed again.
  static let keyValuePressure = Rule { observation in
    observation.ranks.compactMap { rank in
      guard let usage = rank.kvUsageRatio?.value, usage >= 0.95 else { return nil }
      return Hint(
        id: "H07", severity: .error, title: "high latency: \(rank.id) has no free KV blocks",
        evidence: [
          "KV cache is at \(percent(usage))", "\(rank.running.text) requests run, \(rank.waiting.text) wait",
        ],
        field: "llm_config.engine_kwargs.max_num_seqs",
        value: String(max(1, observation.settings.maxNumSequences * 3 / 4)),
        advice:
          "run fewer requests at once, raise gpu_memory_utilization, or add ranks with data_parallel_size",
        replica: rank.id)
    }
  }

  /// H08: requests spend their time waiting in the ingress, because all ranks are full.
  static let saturated = Rule { observation in
    guard let depth = observation.metrics.queueDepth.value, depth > 0,
      let ttft = observation.metrics.ttftSeconds.p50.value, ttft > observation.settings.ttftSeconds ?? 1,
      let busy = observation.ranks.compactMap({ $0.gpuUtilizationRatio?.value }).min(), busy > 0.85
    else { return [] }
    return [
      Hint(
        id: "H08", severity: .warning, title: "high latency: all ranks are saturated",
        evidence: [
          "TTFT p50 \(milliseconds(ttft)), \(depth) requests queue in the ingress",
          "the least busy rank is busy \(percent(busy)) of the time",
        ],
        field: "llm_config.engine_kwargs.data_parallel_size",
        value: String(observation.settings.dataParallelSize * 2),
        advice: "add ranks, or refuse earlier with ingress.max_queued_requests")
    ]
  }
}
