import ControlAPI
import Platform

/// One engine and the place it was read at.
private struct AttachedEngine {
  let key: EngineKey
  let meter: EngineMeter
  let place: String
  var id = ""
}

// What is known, in the words of the controller's status.
extension AttachedSources {
  /// The model when there is one alone, else the first place.
  var name: String {
    let models = Set(sources.flatMap { $0.engines.keys.map(\.model) })
    guard models.count == 1, let model = models.first, !model.isEmpty else {
      return sources.first.map { AttachedURL.place($0.page) } ?? "nothing"
    }
    return model
  }

  func status(over window: Double, at now: Double, wallClock: Double) -> ApplicationStatus {
    let engines = named()
    let lost = sources.filter { $0.problem != nil }
    let models = Set(engines.map(\.key.model)).sorted()
    var deployments = (models.isEmpty ? [name] : models).map { model in
      deployment(model, engines.filter { $0.key.model == model }, at: now)
    }
    // Of a page that never answered nobody knows what it serves.
    deployments[0].replicas += sources.filter { $0.engines.isEmpty }.map { silent($0) }
    for index in deployments.indices { deployments[index].targetReplicas = deployments[index].replicas.count }
    var message = lost.isEmpty ? "" : "\(sources.count - lost.count) of \(sources.count) endpoints answer; "
    message += lost.first?.problem ?? ""
    return ApplicationStatus(
      name: name, status: lost.isEmpty ? .running : .unhealthy, message: message, revision: 0,
      endpoint: Known(sources.first.map { String($0.page.prefix { $0 != "?" }) }),
      modelId: models.first ?? "",
      manifestPath: nil, createdAt: Timestamp.text(startedAt), deployments: deployments,
      metrics: metrics(over: window, at: now), hints: lost.map { blindness($0, at: now) })
  }

  /// What cannot be seen is said, lest silence be taken for health.
  private func blindness(_ source: Source, at now: Double) -> Hint {
    let place = AttachedURL.place(source.page)
    let age = source.engines.values.compactMap { $0.age(at: now) }.min()
    let last = age.map { "last read \(Int($0.rounded())) s ago" } ?? "never read"
    return Hint(
      id: "H15", severity: .warning,
      title: "the metrics of \(place) cannot be read, so nothing is known of it",
      evidence: [Evidence(source.problem ?? "", on: .replicas), Evidence(last, on: .replicas)],
      advice: "see whether the engine there runs, and whether this is the URL of its metrics page")
  }

  /// The engines in order, each with an id that no other has: its rank where that is enough, else its place, too.
  private func named() -> [AttachedEngine] {
    var engines = sources.flatMap { source in
      source.engines.sorted { $0.key < $1.key }.map {
        AttachedEngine(key: $0.key, meter: $0.value, place: AttachedURL.place(source.page))
      }
    }
    let ranks = Dictionary(grouping: engines) { [$0.key.model, $0.key.engine] }
    for (index, engine) in engines.enumerated() {
      let isAlone = ranks[[engine.key.model, engine.key.engine]]?.count == 1
      engines[index].id = isAlone ? "dp\(engine.key.engine)" : "\(engine.place)/\(engine.key.engine)"
      if !isAlone, !engine.key.process.isEmpty { engines[index].id += "." + engine.key.process.suffix(4) }
    }
    return engines
  }

  private func deployment(_ model: String, _ engines: [AttachedEngine], at now: Double) -> DeploymentStatus {
    let isFresh = engines.allSatisfy { $0.meter.isFresh(at: now) }
    return DeploymentStatus(
      name: "DPServer:\(model)", status: isFresh ? .healthy : .unhealthy, statusTrigger: .unspecified,
      message: "",
      targetReplicas: engines.count, replicas: engines.map { replica($0, at: now) })
  }

  private func replica(_ engine: AttachedEngine, at now: Double) -> ReplicaStatus {
    let gauges = engine.meter.reading.gauges
    let recent = engine.meter.recent(EngineMeter.window, before: now)
    var replica = ReplicaStatus(id: engine.id, role: .rank, state: .running)
    replica.rank = Int(engine.key.engine)
    replica.node = engine.place
    replica.stale = !engine.meter.isFresh(at: now)
    replica.observedAgeSeconds = Known(engine.meter.age(at: now))
    replica.running = Known(gauges[.running].map { Int($0) })
    replica.waiting = Known(gauges[.waiting].map { Int($0) })
    replica.kvUsageRatio = Known(gauges[.kvUsage])
    replica.requestsPerSecond = Known(recent.rate(.requests))
    replica.generationTokensPerSecond = Known(recent.rate(.generationTokens))
    replica.ttftP50Seconds = Known(recent.histogram(.ttft).quantile(0.5))
    replica.tpotP50Seconds = Known(recent.timePerOutputToken.quantile(0.5))
    return replica
  }

  private func silent(_ source: Source) -> ReplicaStatus {
    var replica = ReplicaStatus(id: AttachedURL.place(source.page), role: .rank, state: .starting)
    replica.stale = true
    replica.node = AttachedURL.place(source.page)
    return replica
  }

  /// The meters that are read now; what is stale leaves the totals.
  func fresh(at now: Double) -> [EngineMeter] {
    sources.flatMap(\.engines.values).filter { $0.isFresh(at: now) }
  }

  func metrics(over window: Double, at now: Double) -> ApplicationMetrics {
    let meters = fresh(at: now)
    let recent = meters.map { $0.recent(window, before: now) }
    var metrics = ApplicationMetrics(windowSeconds: window)
    metrics.requestsPerSecond = Known(sum(recent.map { $0.rate(.requests) }))
    metrics.promptTokensPerSecond = Known(sum(recent.map { $0.rate(.promptTokens) }))
    metrics.generationTokensPerSecond = Known(sum(recent.map { $0.rate(.generationTokens) }))
    metrics.ttftSeconds = summary(merged(recent.map { $0.histogram(.ttft) }))
    metrics.tpotSeconds = summary(merged(recent.map(\.timePerOutputToken)))
    metrics.running = Known(sum(meters.map { $0.reading.gauges[.running] }).map { Int($0) })
    metrics.waiting = Known(sum(meters.map { $0.reading.gauges[.waiting] }).map { Int($0) })
    // Blocks of each engine are not told by all; engines of one group have the same number.
    let usage = meters.compactMap { $0.reading.gauges[.kvUsage] }
    if !usage.isEmpty { metrics.kvUsageRatio = .known(usage.reduce(0, +) / Double(usage.count)) }
    metrics.errorRatio = Known(errorRatio(recent.flatMap(\.self)))
    metrics.ageSeconds = Known(meters.compactMap { $0.age(at: now) }.max())
    return metrics
  }

  /// The share of failed requests among those that ended, where the engines tell how they ended.
  private func errorRatio(_ increases: [EngineIncrease]) -> Double? {
    let told = increases.filter { $0.failed != nil }
    let ended = told.reduce(0) { $0 + ($1.counters[.requests] ?? 0) }
    return ended > 0 ? told.reduce(0) { $0 + ($1.failed ?? 0) } / ended : nil
  }

  /// The last second, for the charts.
  func point(at now: Double, wallClock: Double) -> HistoryPoint {
    let meters = fresh(at: now)
    let last = meters.map { $0.newest(at: now) }
    var point = HistoryPoint(time: wallClock)
    point.requestsPerSecond = sum(last.map { $0.rate(.requests) })
    point.promptTokensPerSecond = sum(last.map { $0.rate(.promptTokens) })
    point.generationTokensPerSecond = sum(last.map { $0.rate(.generationTokens) })
    let (ttft, tpot) = (merged(last.map { $0.histogram(.ttft) }), merged(last.map(\.timePerOutputToken)))
    point.ttftP50Seconds = ttft.quantile(0.5)
    point.ttftP99Seconds = ttft.quantile(0.99)
    point.tpotP50Seconds = tpot.quantile(0.5)
    point.tpotP99Seconds = tpot.quantile(0.99)
    point.running = sum(meters.map { $0.reading.gauges[.running] })
    let usage = meters.compactMap { $0.reading.gauges[.kvUsage] }
    if !usage.isEmpty { point.kvUsageRatio = usage.reduce(0, +) / Double(usage.count) }
    return point
  }

  private func sum(_ values: [Double?]) -> Double? {
    let known = values.compactMap(\.self)
    return known.isEmpty ? nil : known.reduce(0, +)
  }

  func merged(_ histograms: [BucketHistogram]) -> BucketHistogram {
    histograms.reduce(into: BucketHistogram()) { $0.merge($1) }
  }

  func summary(_ histogram: BucketHistogram) -> LatencySummary {
    var summary = LatencySummary(
      p50: Known(histogram.quantile(0.5)), p90: Known(histogram.quantile(0.9)),
      p99: Known(histogram.quantile(0.99)), mean: Known(histogram.mean), count: Int(histogram.count))
    summary.isEstimate = true
    return summary
  }
}
