import ControlAPI

// Fewer requests per second than the machine could serve.
extension HintRule {
  static let refusals = HintRule(
    "H23", .lowThroughput, .error, "requests are refused: the queue is full",
    signal: "more than 1 % of the requests were answered 429 or 503 for want of a place in the queue",
    cause: "Requests beyond what the ranks run wait in the ingress, at most `max_queued_requests` of them.",
    remedy: "let more requests wait, or add groups or ranks if they would wait too long",
    field: Field.maxQueued
  ) { observation in
    guard let refused = observation.metrics.refusedRatio?.value, refused > 0.01 else { return [] }
    let limit = observation.settings.maxQueuedRequests
    return [
      Finding(
        evidence: [
          Evidence(
            .ingress,
            "\(percent(refused)) of the requests were refused in the last "
              + "\(Int(observation.metrics.windowSeconds)) s"),
          Evidence(
            .queue,
            "\(observation.metrics.queueDepth.text) wait, "
              + (limit < 0 ? "any number may" : "at most \(limit) may")),
        ],
        fix: limit < 0
          ? nil : Finding.Fix(Field.maxQueued, from: limit, to: longerQueue(observation, refused)))
    ]
  }

  /// As many as are answered within the longest wait; those beyond would only be refused later.
  private static func longerQueue(_ observation: Observation, _ refused: Double) -> Int {
    let answered = (observation.metrics.requestsPerSecond.value ?? 0) * (1 - refused)
    let timely = min(answered * observation.settings.maxQueueWaitSeconds, 1_000_000)
    return max(8, observation.settings.maxQueuedRequests * 4, Int(timely))
  }

  static let batchCapped = HintRule(
    "H05", .lowThroughput, .warning, "the batch is full while requests wait",
    signal:
      "requests wait, at least 90 % of the ranks' slots run, and less than 70 % of the KV blocks are in use",
    cause:
      "Experts work best on many tokens at once; `max_num_seqs` keeps the batch below what memory allows.",
    remedy: "let every rank run more requests at once",
    field: Field.maxNumSeqs
  ) { observation in
    guard let queued = observation.queued, queued > 0, let usage = observation.metrics.kvUsageRatio.value,
      usage < 0.7, let running = observation.metrics.running.value, !isTooSlow(observation)
    else { return [] }
    let slots = observation.ranks.count * observation.settings.maxNumSequences
    guard slots > 0, Double(running) >= 0.9 * Double(slots) else { return [] }
    return [
      Finding(
        evidence: [
          Evidence(.queue, "\(queued) requests wait, \(running) of \(slots) slots run"),
          Evidence(.overview, "KV cache is at \(percent(usage)) only"),
        ],
        fix: Finding.Fix(
          Field.maxNumSeqs, from: observation.settings.maxNumSequences,
          to: observation.settings.maxNumSequences * 2))
    ]
  }

  /// A larger batch makes each token slower: no advice to those who promised that it would not.
  private static func isTooSlow(_ observation: Observation) -> Bool {
    guard let promise = observation.settings.tpotSeconds, let tpot = observation.metrics.tpotSeconds.p50.value
    else { return false }
    return tpot > promise
  }

  static let ingressBottleneck = HintRule(
    "H04", .lowThroughput, .warning, "the ingress is the bottleneck",
    signal: "an ingress replica uses more than 85 % of a core while no rank is busy for 60 % of the time",
    cause: "An ingress replica is one event loop: what it cannot read, route and relay, no rank gets to see.",
    remedy: "run more ingress replicas (and raise max_replicas); this touches no rank",
    field: Field.ingressMinimum
  ) { observation in
    guard let hottest = observation.ingress.max(by: { ($0.cpuRatio.value ?? 0) < ($1.cpuRatio.value ?? 0) }),
      let cpu = hottest.cpuRatio.value, cpu > 0.85,
      let busy = observation.ranks.compactMap({ $0.gpuUtilizationRatio?.value }).max(), busy < 0.6
    else { return [] }
    return [
      Finding(
        replica: hottest.id,
        evidence: [
          Evidence(.ingress, "\(hottest.id) uses \(percent(cpu)) of a core"),
          Evidence(.replicas, "the busiest rank is busy \(percent(busy)) of the time"),
        ], fix: moreIngress(observation.settings))
    ]
  }

  private static func moreIngress(_ settings: ServingSettings) -> Finding.Fix {
    let now = settings.ingressReplicas
    let more = now + max(1, now / 2)
    var fix = Finding.Fix(
      settings.fixesIngressReplicas ? Field.ingressReplicas : Field.ingressMinimum, from: now, to: more)
    if !settings.fixesIngressReplicas, let maximum = settings.maxIngressReplicas, maximum < more {
      fix.alongside = [FieldValue(field: Field.ingressMaximum, value: "\(more)")]
    }
    return fix
  }

  static let routingSkew = HintRule(
    "H03", .lowThroughput, .warning, "requests crowd on one rank",
    signal:
      "a rank runs or holds more than 1.5 times the median of its fellows, and at least four requests more",
    cause: """
      The crowded rank's steps are long, and in lock-step all others wait for them. Clients that pin a rank \
      (`X-data-parallel-rank`), sessions and long shared prefixes do this.
      """,
    remedy: "route by load; look for pinned clients (X-data-parallel-rank)",
    field: Field.policy
  ) { observation in
    let loaded = observation.ranks.compactMap { rank in
      rank.running.value.map { (rank.id, $0 + (rank.waiting.value ?? 0)) }
    }
    guard loaded.count > 1, let most = loaded.max(by: { $0.1 < $1.1 }), let middle = median(loaded.map(\.1))
    else { return [] }
    // The least difference keeps a nearly idle group, where 3 to 1 means nothing, from raising an alarm.
    guard most.1 - middle >= 4, Double(most.1) > 1.5 * Double(middle) else { return [] }
    let policy = observation.settings.routingPolicy
    let isByLoad = ["power_of_two", "least_loaded"].contains(policy)
    return [
      Finding(
        replica: most.0, title: "requests crowd on \(most.0)",
        evidence: [Evidence(.replicas, "\(most.0) has \(most.1) requests, the median rank \(middle)")],
        fix: Finding.Fix(Field.policy, from: policy, to: isByLoad ? nil : "power_of_two"))
    ]
  }

  static let cachingOff = HintRule(
    "H26", .waste, .info, "prefix caching is off, which saves no memory",
    signal: "`enable_prefix_caching: false`, and prompts are at least four times as long as answers",
    cause: """
      The seed guide turns prefix caching off to save memory. Cached blocks are free blocks that keep their content until \
      they are needed, so it costs none, and beginnings that prompts share are computed once.
      """,
    remedy: "leave it on, and route with ingress.policy prefix_aware where prompts share long beginnings",
    field: Field.prefixCaching
  ) { observation in
    guard observation.settings.prefixCaching == false,
      let prompt = observation.metrics.promptTokensPerSecond.value,
      let output = observation.metrics.generationTokensPerSecond.value, output > 0, prompt >= 4 * output
    else { return [] }
    return [
      Finding(
        confidence: .medium,
        evidence: [
          Evidence(.overview, "\(Int(prompt)) prompt tokens and \(Int(output)) output tokens a second")
        ],
        fix: Finding.Fix(Field.prefixCaching, from: false, to: true))
    ]
  }

  static let ineffectiveVariable = HintRule(
    "H16", .waste, .info, "a variable is set that this engine does not heed",
    signal: "`env_vars` has a variable that the engine does not read",
    cause: "Variables of vLLM come and go with its releases, and some of them mean GPUs only.",
    remedy: "remove it, or write the field that took its place", field: Field.variables
  ) { observation in
    guard !observation.settings.ineffectiveVariables.isEmpty else { return [] }
    return [
      Finding(
        evidence: observation.settings.ineffectiveVariables.map {
          Evidence(.manifest, "\($0.name): \($0.reason)" + ($0.instead.map { "; use \($0)" } ?? ""))
        })
    ]
  }
}
