import ControlAPI

// Requests that wait, and tokens that come slowly.
extension HintRule {
  static let headOfLine = HintRule(
    "H06", .highLatency, .warning, "prompts hold decoding up (head-of-line blocking)",
    signal:
      "ITL's 99th percentile is over five times its median (or TPOT's over three times), beyond the SLO (without one: 200 and 50 ms)",
    cause: """
      A step that computes a prompt takes longer than one that only decodes, and every request of every rank waits for it: \
      with N ranks it is N times as likely that one of them holds a step up.
      """,
    remedy:
      "smaller steps let decoding go on between the chunks of a long prompt; fewer sequences make them shorter",
    field: Field.maxNumBatchedTokens
  ) { observation in
    let (settings, metrics) = (observation.settings, observation.metrics)
    // Without a promise: what a reader of a stream notices, once and on average.
    let itl = metrics.itlSeconds.flatMap {
      tail("ITL", $0, ratio: 5, least: 100, floor: settings.tpotSeconds ?? noticedGap)
    }
    let tpot = tail("TPOT", metrics.tpotSeconds, ratio: 3, least: 20, floor: settings.tpotSeconds ?? 0.05)
    guard let worst = itl ?? tpot else { return [] }
    let budget = max(shorterStep(metrics, settings), settings.maxNumSequences, 16)
    let prompt = observation.metrics.promptTokensPerSecond.value
    return [
      Finding(
        confidence: itl == nil ? .medium : .high,
        evidence: [
          worst,
          Evidence(
            .overview,
            "\(prompt.map { String(Int($0)) } ?? "–") prompt tokens a second; "
              + "a step may hold \(settings.maxNumBatchedTokens) tokens"),
        ],
        fix: budget < settings.maxNumBatchedTokens
          ? Finding.Fix(Field.maxNumBatchedTokens, from: settings.maxNumBatchedTokens, to: budget)
          : Finding.Fix(
            Field.maxNumSeqs, from: settings.maxNumSequences, to: max(1, settings.maxNumSequences / 2)))
    ]
  }

  /// The largest power of two of tokens whose step takes half of what may be noticed, and no more than half of the present.
  ///
  /// The tail is what the longest steps take, which are as long as they may be, and a step's time grows with its tokens.
  private static func shorterStep(_ metrics: ApplicationMetrics, _ settings: ServingSettings) -> Int {
    let present = settings.maxNumBatchedTokens
    let floor = settings.tpotSeconds ?? noticedGap
    guard let tail = metrics.itlSeconds?.p99.value, tail > floor else { return present / 2 }
    var step = 1
    while Double(step * 2) <= Double(present) * floor / tail / 2 { step *= 2 }
    return min(step, present / 2)
  }

  /// Without a promise: the gap that a reader of a stream notices.
  private static let noticedGap = 0.2

  private static func tail(
    _ name: String, _ latency: LatencySummary, ratio: Double, least: Int, floor: Double
  ) -> Evidence? {
    guard latency.count >= least, let middle = latency.p50.value, let tail = latency.p99.value, middle > 0,
      tail > ratio * middle, tail > floor
    else { return nil }
    return Evidence(
      .latency, "\(name) p99 \(milliseconds(tail)) against p50 \(milliseconds(middle)), n=\(latency.count)")
  }

  static let preemption = HintRule(
    "H07", .highLatency, .error, "requests are preempted: no free KV blocks",
    signal:
      "a rank throws requests back for want of KV blocks and its cache is 80 % full, or its cache is 95 % full while requests wait inside it",
    cause: """
      Preempted requests lose their KV blocks and are computed again from the start (the seed guide's "swapping"; nothing is \
      swapped to a disk or to host memory).
      """,
    remedy: "run fewer requests at once, raise gpu_memory_utilization, or add ranks with data_parallel_size",
    field: Field.maxNumSeqs, explains: ["H27", "H06"]
  ) { observation in
    observation.ranks.compactMap { rank in
      let preemptions = rank.preemptionsPerSecond?.value ?? 0
      let usage = rank.kvUsageRatio?.value
      // The rate looks back, and the cache may be empty again by now: then the numbers beside it would explain nothing.
      guard preemptions > 0 && usage ?? 1 >= 0.8 || usage ?? 0 >= 0.95 && rank.waiting.value ?? 0 > 0
      else { return nil }
      let limit = observation.settings.maxNumSequences
      // What the rank took in, thrown back or not, is half done on average, and would hold twice its blocks in the end.
      let taken = (rank.running.value ?? limit) + (rank.waiting.value ?? 0)
      let fitting = max(1, min(limit, taken) / 2)
      return Finding(
        replica: rank.id, title: "\(rank.id) preempts requests: no free KV blocks",
        evidence: [
          Evidence(
            .replicas,
            "\(decimal(preemptions)) preemptions a second, KV cache at \(usage.map(percent) ?? "–")"),
          Evidence(.replicas, "\(rank.running.text) requests run, \(rank.waiting.text) wait"),
        ],
        fix: Finding.Fix(Field.maxNumSeqs, from: limit, to: fitting))
    }
  }

  static let cacheLimited = HintRule(
    "H27", .lowThroughput, .warning, "the KV cache limits the batch",
    signal: "requests wait, KV blocks are 90 % in use, and fewer than `max_num_seqs` requests run",
    cause: "Each rank has a KV cache of its own; `max_num_seqs` is moot when fewer requests fill it.",
    remedy: "add ranks, which adds KV caches (and leaves more room on each, as experts spread), or memory",
    field: Field.dataParallelSize
  ) { observation in
    let settings = observation.settings
    guard let queued = observation.queued, queued > 0, let usage = observation.metrics.kvUsageRatio.value,
      usage >= 0.9, let running = observation.metrics.running.value,
      running < observation.ranks.count * settings.maxNumSequences
    else { return [] }
    return [
      Finding(
        evidence: [
          Evidence(.overview, "KV cache is at \(percent(usage))"),
          Evidence(
            .queue,
            "\(queued) requests wait, \(running) of "
              + "\(observation.ranks.count * settings.maxNumSequences) slots run"),
        ],
        fix: Finding.Fix(
          Field.dataParallelSize, from: settings.dataParallelSize, to: settings.dataParallelSize * 2))
    ]
  }

  static let saturated = HintRule(
    "H08", .highLatency, .warning, "all ranks are saturated",
    signal:
      "requests queue in the ingress, TTFT's median is beyond the SLO (or 1 s), and every rank is busy over 85 %",
    cause: "Requests come faster than the ranks serve them, and spend their time waiting for a place.",
    remedy: "add ranks or groups, or refuse earlier with ingress.max_queued_requests",
    field: Field.dataParallelSize
  ) { observation in
    guard let depth = observation.metrics.queueDepth.value, depth > 0,
      let ttft = observation.metrics.ttftSeconds.p50.value, ttft > observation.settings.ttftSeconds ?? 1,
      let busy = observation.ranks.compactMap({ $0.gpuUtilizationRatio?.value }).min(), busy > 0.85
    else { return [] }
    let size = observation.settings.dataParallelSize
    return [
      Finding(
        evidence: [
          Evidence(.latency, "TTFT p50 \(milliseconds(ttft)), \(depth) requests queue in the ingress"),
          Evidence(.replicas, "the least busy rank is busy \(percent(busy)) of the time"),
        ],
        fix: Finding.Fix(Field.dataParallelSize, from: size, to: size * 2))
    ]
  }

  static let objectiveMissed = HintRule(
    "H11", .highLatency, .warning, "requests miss the promised latency",
    signal: "a tenth of the requests is beyond `slo.ttft_ms` or `slo.tpot_ms`",
    cause: "TPOT grows with the batch; TTFT grows with what waits before a request.",
    remedy: "for TPOT lower max_num_seqs (`dpdeploy bench --sweep` finds it), for TTFT add ranks",
    field: Field.maxNumSeqs
  ) { observation in
    let (settings, metrics) = (observation.settings, observation.metrics)
    let missed = [
      ("TPOT", metrics.tpotSeconds, settings.tpotSeconds),
      ("TTFT", metrics.ttftSeconds, settings.ttftSeconds),
    ].first { _, latency, promise in
      guard let promise, latency.count >= 20, let tail = latency.p90.value else { return false }
      return tail > promise
    }
    guard let (name, latency, promise) = missed, let promise, let tail = latency.p90.value else { return [] }
    return [
      Finding(
        confidence: .medium,
        evidence: [
          Evidence(
            .latency,
            "\(name) p90 \(milliseconds(tail)), promised \(milliseconds(promise)), n=\(latency.count)")
        ],
        fix: name == "TPOT"
          ? Finding.Fix(
            Field.maxNumSeqs, from: settings.maxNumSequences, to: max(1, settings.maxNumSequences * 3 / 4))
          : Finding.Fix(
            Field.dataParallelSize, from: settings.dataParallelSize, to: settings.dataParallelSize * 2))
    ]
  }

  static let clientsLeave = HintRule(
    "H13", .highLatency, .warning, "clients leave before their answer is whole",
    signal: "more than a tenth of the requests, and at least 1 a second, end because the client is gone",
    cause: "Clients have time-outs of their own; what they do not wait for is computed for nothing.",
    remedy: "find what makes requests slow (the other hints), then compare with the clients' time-outs"
  ) { observation in
    guard let share = observation.metrics.abortedRatio?.value, share > 0.1,
      let rate = observation.metrics.requestsPerSecond.value, rate * share >= 1
    else { return [] }
    return [
      Finding(
        confidence: .medium,
        evidence: [Evidence(.ingress, "\(percent(share)) of \(decimal(rate)) requests a second")])
    ]
  }
}
