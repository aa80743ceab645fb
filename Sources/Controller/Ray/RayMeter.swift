import Attachment
import ControlAPI
import History
import RayClient
import Telemetry

/// What a cluster's pages of metrics tell of one application.
///
/// Ray's processes hand their numbers on every ten seconds, so pages are read at a calm rate.
struct RayMeter {
  /// Seconds between two readings.
  static let pace = 5.0
  /// Over how long rates and quantiles are taken at least, in seconds: shorter windows would show Ray's own beat.
  static let window = 30.0
  private static let relay = "serve"

  private var engines = EngineFleet(pace: Self.pace)
  private var relays = EngineFleet(pace: Self.pace)
  private var gpus: [String: [Double]] = [:]
  private var gpusReadAt = -Double.infinity

  /// Takes a round of pages over, as far as they tell of the application's replicas.
  mutating func take(_ pages: [RayMetricsPage], of replicas: Set<String>, at now: Double, wallClock: Double) {
    var engines: [EngineKey: EngineReading] = [:]
    var relays: [EngineKey: EngineReading] = [:]
    let workers = pages.map(\.replicaOfWorker).reduce(into: [:]) { $0.merge($1) { first, _ in first } }
    for page in pages {
      for (key, reading) in page.engines.engines {
        // A worker's replica is told beside Serve's own numbers, where the engine does not tell it.
        var key = key
        key.process = workers[key.process] ?? key.process
        if replicas.contains(key.process) { engines[key] = reading }
      }
      for (replica, reading) in page.replicas where replicas.contains(replica) {
        relays[EngineKey(model: "", engine: Self.relay, process: replica)] = EngineReading(
          requests: reading.requests, running: reading.running)
      }
    }
    self.engines.take(engines, at: now, wallClock: wallClock)
    self.relays.take(relays, at: now, wallClock: wallClock)
    let use = pages.flatMap(\.utilization).sorted { $0.key.index < $1.key.index }
    gpus = Dictionary(grouping: use, by: \.key.node).mapValues { $0.map(\.value) }
    gpusReadAt = now
  }

  /// The sums of the last `window` seconds, or of as many as Ray's beat needs.
  func metrics(over window: Double, at now: Double) -> ApplicationMetrics {
    engines.metrics(over: max(window, Self.window), at: now)
  }

  func point(at now: Double, wallClock: Double) -> HistoryPoint {
    engines.point(at: now, wallClock: wallClock)
  }

  func insight(over window: Double, at now: Double, wallClock: Double) -> Insight {
    engines.insight(over: max(window, Self.window), at: now, wallClock: wallClock)
  }

  /// Adds what is known of the Serve replica that is, or that runs, a status' replica.
  func describe(_ status: inout ReplicaStatus, _ serveReplica: String, isBlock: Bool, at now: Double) {
    guard status.role == .rank else {
      return relays.describe(&status, over: Self.window, at: now) { $0.process == serveReplica }
    }
    let rank = status.rank
    engines.describe(&status, over: Self.window, at: now) {
      Self.isOwn($0, serveReplica, isBlock ? rank : nil)
    }
  }

  /// Adds how busy each rank's GPUs are, where that is beyond doubt: on nodes all of whose GPUs are the ranks'.
  ///
  /// Ray gives a placement group's bundles the GPUs of a node in their order.
  func describeGPUs(_ ranks: inout [ReplicaStatus], devicesPerRank: Int, at now: Double) {
    guard now - gpusReadAt <= 3 * Self.pace else { return }
    for (node, use) in gpus {
      let places = ranks.indices.filter { ranks[$0].node == node && ranks[$0].rank != nil }
        .sorted { (ranks[$0].group ?? 0, ranks[$0].rank ?? 0) < (ranks[$1].group ?? 0, ranks[$1].rank ?? 0) }
      guard places.count * devicesPerRank == use.count else { continue }
      for (index, place) in places.enumerated() {
        let own = use[index * devicesPerRank..<(index + 1) * devicesPerRank]
        ranks[place].gpuUtilizationRatio = .known(own.reduce(0, +) / Double(devicesPerRank))
        ranks[place].utilizationSource = .known("ray")
      }
    }
  }

  /// What the newest readings brought, for the past: of the application, or of the rank that a Serve replica runs.
  func sample(of serveReplica: String? = nil, rank: Int? = nil, at now: Double) -> HistorySample? {
    engines.gain(at: now) { key in serveReplica.map { Self.isOwn(key, $0, rank) } ?? true }
      .map(HistorySample.init)
  }

  private static func isOwn(_ key: EngineKey, _ replica: String, _ rank: Int?) -> Bool {
    key.process == replica && (rank.map { key.engine == String($0) } ?? true)
  }
}

extension HistorySample {
  /// What engines did between two readings of their pages; how late they were is not kept, as pages tell it in coarse buckets.
  init(_ gain: EngineGain) {
    self.init()
    let milliseconds = Int64(gain.seconds * 1000)
    (self[.countedMilliseconds], self[.rankMilliseconds]) = (milliseconds, milliseconds)
    (self[.requests], self[.failed]) = (Int64(gain.requests), Int64(gain.failed))
    (self[.promptTokens], self[.generationTokens]) = (Int64(gain.promptTokens), Int64(gain.generationTokens))
    self[.preemptions] = Int64(gain.preemptions)
    if let running = gain.running, let waiting = gain.waiting {
      (self[.rankReadings], self[.running], self[.waiting]) = (1, Int64(running), Int64(waiting))
      (self[.runningMost], self[.waitingMost]) = (Int64(running), Int64(waiting))
    }
    if let usage = gain.kvUsage {
      // Pages tell a share, and no blocks.
      let used = Int64(min(1, max(0, usage)) * Self.shareScale)
      (self[.blocksTotal], self[.blocksUsed], self[.blocksUsedMost]) = (Int64(Self.shareScale), used, used)
    }
  }
}
