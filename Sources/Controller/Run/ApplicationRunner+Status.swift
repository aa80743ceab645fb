import ControlAPI
import Deployment
import Diagnosis
import HAProxy
import History
import Manifest
import Platform
import Supervision
import Telemetry

extension ApplicationRunner {
  /// Everything that is known of the application now.
  var status: ApplicationStatus {
    let seconds = MonotonicClock.seconds
    var deployments = state.deployments(at: MonotonicClock.now)
    let devices = devices
    for place in deployments.indices {
      for index in deployments[place].replicas.indices {
        fill(&deployments[place].replicas[index], at: seconds, devices)
      }
    }
    var result = ApplicationStatus(
      name: stored.name, status: state.status,
      message: deployments.first { !$0.message.isEmpty }.map { "\($0.name): \($0.message)" } ?? "",
      revision: state.revision, endpoint: Known(endpoint), modelId: request.manifest.model.id,
      manifestPath: stored.path, createdAt: stored.createdAt, deployments: deployments,
      metrics: meter.metrics(),
      hints: hints)
    result.rolledBack = state.rollout.broughtBack.map {
      RollbackStatus(from: $0.from, to: $0.to, reason: $0.reason)
    }
    result.rollingBackTo = state.rollout.pending?.to
    result.scale = stored.scale.status
    let promise = request.manifest.objective
    result.slo = PromisedLatency(
      ttftSeconds: promise.ttftMilliseconds.map { $0 / 1000 },
      tpotSeconds: promise.tpotMilliseconds.map { $0 / 1000 })
    return result
  }

  /// The base URL that clients use; nil while nothing is bound.
  var endpoint: String? {
    guard let port = sockets.port(of: state.spec.ingress) else { return nil }
    let scheme = state.spec.front?.settings.usesTLS == true ? "https" : "http"
    let host = state.spec.ingress.host
    switch host {
    case "0.0.0.0": return "\(scheme)://127.0.0.1:\(port)"
    case "::": return "\(scheme)://[::1]:\(port)"
    default: return "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
  }

  private func fill(_ status: inout ReplicaStatus, at now: Double, _ devices: [DeviceStatus]) {
    switch status.role {
    case .rank:
      guard let group = status.group, let rank = status.rank, let epoch = status.epoch,
        let process = ranks[RankPlace(group: group, rank: rank, epoch: epoch)]
      else { return }
      status.pid = .known(process.process.identity.pid)
      status.fill(from: process.meter, at: now)
      status.fillRank(from: process.meter)
      fill(&status, of: process.place, from: devices)
      if status.state == .cordoned, isDrained(process) { status.state = .drained }
    case .ingress:
      guard case .ingress(let index)? = ReplicaName(status.id), let process = replicas[index] else { return }
      status.pid = .known(process.process.identity.pid)
      status.fill(from: process.meter, at: now)
      status.fillIngress(from: process.meter)
      if status.state == .cordoned, process.isDrained(at: now) { status.state = .drained }
    case .front:
      guard case .front(let index)? = ReplicaName(status.id), let process = fronts[index] else { return }
      status.pid = .known(process.process.identity.pid)
      status.fill(from: process.meter, at: now)
    }
  }

  /// Takes the second's readings and draws conclusions from them.
  func sample(sequence: Int, wall: Double) {
    let now = MonotonicClock.seconds
    var second = ApplicationMeter.Second(end: now)
    for rank in ranks.values {
      rank.meter.read(at: now)
      rank.experts.tick(at: now)
      second.count(rank.meter, at: now)
    }
    for replica in replicas.values {
      replica.meter.read(at: now)
      second.count(replica.meter, at: now)
    }
    for front in fronts.values { front.meter.read(at: now) }
    lookAfterAll(at: MonotonicClock.now)
    tell(.ingressLoad(ingressLoads(at: now)))
    if state.spec.groupScaling != nil {
      tell(.groupLoad(rankLoads, waiting: Double(second.queueDepth ?? 0)))
    }
    meter.append(second, sequence: sequence, time: wall)
    remember(second, at: now, wall: wall)
    hints = diagnosis.examine(
      Observation(
        time: now, timestamp: Timestamp.text(wall), application: status,
        settings: ServingSettings(request.manifest, cores: Processor.count), devices: devices))
  }

  /// Keeps the second for those who ask for the past.
  private func remember(_ second: ApplicationMeter.Second, at now: Double, wall: Double) {
    guard !state.isGone else { return }
    var whole = HistorySample(second)
    var samples: [HistoryBlock.Series: HistorySample] = [:]
    for rank in ranks.values {
      let sample = HistorySample(rank.meter, at: now)
      whole.count(rank: sample)
      samples[.rank(group: rank.place.group, rank: rank.place.rank), default: HistorySample()].merge(sample)
    }
    samples[.application] = whole
    if let minute = recorder.record(samples, wall: wall) { surroundings.store.add(minute, of: stored.name) }
  }

  /// Requests that run or wait at each ingress replica that tells.
  private func ingressLoads(at now: Double) -> [Int: Double] {
    replicas.compactMapValues { replica in
      guard let page = replica.meter.page, !replica.meter.isStale(at: now) else { return nil }
      return page[.inFlight] + page[.queueDepth]
    }
  }

  /// Requests that the ingress has at each rank.
  private var rankLoads: [ReplicaName: Double] {
    var loads: [ReplicaName: Double] = [:]
    for place in ranks.keys {
      loads[.rank(group: place.group, rank: place.rank)] =
        Double(boards.requests(group: place.group, rank: place.rank))
    }
    return loads
  }
}

extension ReplicaStatus {
  @Loop
  fileprivate mutating func fill<Role>(from meter: ProcessMeter<Role>, at now: Double) {
    cpuRatio = Known(meter.cpuRatio)
    rssBytes = Known(meter.residentBytes)
    observedAgeSeconds = Known(meter.age(at: now))
    stale = meter.page != nil && meter.isStale(at: now)
  }

  @Loop
  fileprivate mutating func fillRank(from meter: ProcessMeter<RankStats>) {
    guard let page = meter.page else { return }
    running = .known(Int(page[.running]))
    waiting = .known(Int(page[.waiting]))
    let blocks = page[.kvBlocksTotal]
    kvUsageRatio = blocks > 0 ? .known(page[.kvBlocksUsed] / blocks) : .unknown
    let finished = [RankStats.Counter.requestsStopped, .requestsAtLength, .requestsAborted, .requestsFailed]
    let rates = finished.compactMap(meter.rate)
    requestsPerSecond = rates.isEmpty ? .unknown : .known(rates.reduce(0, +))
    generationTokensPerSecond = Known(meter.rate(.generationTokens))
    let ttft = meter.recent(.ttft)
    ttftP50Seconds = Known(ttft.quantile(0.5))
    ttftCount = .known(Int(ttft.count))
    tpotP50Seconds = Known(meter.recent(.tpot).quantile(0.5))
    preemptionsPerSecond = Known(meter.rate(.preemptions))
    prefixHitRatio = Known(meter.ratio(.prefixHits, to: .prefixQueries).map { min(1, $0) })
    // An engine of others does not say where its time went.
    if page[.busyNanoseconds] > 0 { fillTimes(from: meter) }
  }

  @Loop
  private mutating func fillTimes(from meter: ProcessMeter<RankStats>) {
    gpuUtilizationRatio = Known(meter.share(.busyNanoseconds))
    utilizationSource = gpuUtilizationRatio?.value == nil ? .unknown : .known("engine")
    dummyRatio = Known(meter.share(.dummyNanoseconds))
    communicationRatio = Known(meter.share(.communicationWaitNanoseconds))
    linkRatio = Known(meter.share(.linkNanoseconds))
    stepsPerSecond = Known(meter.rate(.steps))
    chunksPerStep = Known(meter.ratio(.chunks, to: .steps))
    expertRowsPerSecond = Known(meter.rate(.expertRowsComputed))
    if let steps = meter.rate(.steps), let dummies = meter.rate(.dummySteps), steps > dummies {
      overlapRatio = Known(meter.rate(.overlappedSteps).map { min(1, $0 / (steps - dummies)) })
    }
    if let busy = meter.share(.busyNanoseconds), let dummy = meter.share(.dummyNanoseconds), busy + dummy > 0
    {
      computeCPURatio = Known(meter.share(.threadCPUNanoseconds).map { min(1, $0 / (busy + dummy)) })
    }
  }

  @Loop
  fileprivate mutating func fillIngress(from meter: ProcessMeter<IngressStats>) {
    guard let page = meter.page else { return }
    running = .known(Int(page[.inFlight]))
    waiting = .known(Int(page[.queueDepth]))
    requestsPerSecond = Known(meter.rate(.requests))
    generationTokensPerSecond = Known(meter.rate(.generationTokens))
    let ttft = meter.recent(.ttft)
    ttftP50Seconds = Known(ttft.quantile(0.5))
    ttftCount = .known(Int(ttft.count))
    tpotP50Seconds = Known(meter.recent(.tpot).quantile(0.5))
  }
}
