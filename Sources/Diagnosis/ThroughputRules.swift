import ControlAPI

extension Rule {
  /// H05: requests wait although KV blocks are free, because the batch may not grow.
  static let batchCapped = Rule { observation in
    guard let queued = observation.queued, queued > 0, let usage = observation.metrics.kvUsageRatio.value,
      usage < 0.7,
      let running = observation.metrics.running.value
    else { return [] }
    let slots = observation.ranks.count * observation.settings.maxNumSequences
    guard slots > 0, Double(running) >= 0.9 * Double(slots) else { return [] }
    let value = observation.settings.maxNumSequences * 2
    return [
      Hint(
        id: "H05", severity: .warning, title: "low throughput: the batch is full while requests wait",
        evidence: [
          "\(queued) requests wait, \(running) of \(slots) slots run",
          "KV cache is at \(percent(usage)) only",
        ],
        field: "llm_config.engine_kwargs.max_num_seqs", value: String(value),
        advice: "let every rank run more requests at once: a larger batch saturates the experts better")
    ]
  }

  /// H04: the ranks idle while the ingress works at its limit.
  static let ingressBottleneck = Rule { observation in
    guard let hottest = observation.ingress.max(by: { $0.cpuRatio.orZero < $1.cpuRatio.orZero }),
      let cpu = hottest.cpuRatio.value, cpu > 0.85,
      let busy = observation.ranks.compactMap({ $0.gpuUtilizationRatio?.value }).max(), busy < 0.6
    else { return [] }
    let replicas = observation.settings.ingressReplicas
    return [
      Hint(
        id: "H04", severity: .warning, title: "low throughput: the ingress is the bottleneck",
        evidence: [
          "\(hottest.id) uses \(percent(cpu)) of a core",
          "the busiest rank is busy \(percent(busy)) of the time",
        ],
        field: "ingress_deployment_config.autoscaling_config.min_replicas",
        value: String(replicas + max(1, replicas / 2)),
        advice: "run more ingress replicas", replica: hottest.id)
    ]
  }

  /// H03: one rank gets far more than its share.
  static let routingSkew = Rule { observation in
    let loaded = observation.ranks.compactMap { rank in rank.running.value.map { (rank.id, $0) } }
    guard loaded.count > 1, let most = loaded.max(by: { $0.1 < $1.1 }) else { return [] }
    let counts = loaded.map(\.1).sorted()
    let median = counts[(counts.count - 1) / 2]
    // The least difference keeps a nearly idle group, where 3 to 1 means nothing, from raising an alarm.
    guard most.1 - median >= 4, Double(most.1) > 1.5 * Double(median) else { return [] }
    return [
      Hint(
        id: "H03", severity: .warning, title: "low throughput: requests crowd on \(most.0)",
        evidence: ["\(most.0) runs \(most.1) requests, the median rank \(median)"],
        field: "ingress.policy", value: "power_of_two",
        advice: "route by load; look for pinned clients (X-data-parallel-rank)", replica: most.0)
    ]
  }
}
