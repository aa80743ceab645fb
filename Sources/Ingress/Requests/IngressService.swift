import OpenAI
import Platform
import Randomness
import Routing
import Telemetry

/// What the requests of a replica share.
@Loop
final class IngressService {
  let options: IngressOptions
  let pool: RankPool
  let queue: AdmissionQueue
  let metrics: IngressMetrics
  let keys: KeyFile
  let reader = RequestReader()
  let callers: CallerLedger
  var accessLog: AccessLog?
  /// Where spans go; nil where nobody wants them.
  let spans: SpanExporter?
  var quarantine = Quarantine()
  /// Whether the replica is about to end.
  private(set) var isDraining = false
  /// For ids and seeds: the system's own generator costs a call of the kernel each.
  private var random = SplitMix(seed: .random(in: 0 ... .max))
  private var relays: [ObjectIdentifier: Relay] = [:]
  private var inFlight = 0
  private var idle = Signal()

  init(
    _ options: IngressOptions, keys: KeyFile, pool: RankPool, peers: Peers,
    stats: StatsPageWriter<IngressStats>
  ) {
    self.options = options
    self.keys = keys
    self.pool = pool
    accessLog = options.accessLog.flatMap(AccessLog.Format.init).map {
      AccessLog($0, sample: options.accessLogSample)
    }
    spans = options.tracesCollector.map {
      SpanExporter($0, replica: options.replica, model: options.modelID)
    }
    callers = CallerLedger(peers.board, replica: peers.replica)
    metrics = IngressMetrics(stats)
    queue = AdmissionQueue(
      pool, peers, limit: options.maxQueuedRequests, patience: options.maxQueueWait,
      outagePatience: options.maxOutageWait,
      depthChanged: { stats.set(.queueDepth, Double($0)) })
  }

  /// A number that nobody else is likely to draw.
  func draw() -> UInt64 { random.next() }

  /// Requests that are being served.
  var activeCount: Int { relays.count }

  /// Serves a request from its head to the end of its answer.
  func serve(_ relay: Relay) async {
    relays[ObjectIdentifier(relay)] = relay
    await relay.run()
    relays[ObjectIdentifier(relay)] = nil
    guard relays.isEmpty else { return }
    idle.fire()
    idle = Signal()
  }

  /// Takes a new rank table over.
  func take(_ table: RankTable) throws(APIError) {
    try pool.replace(with: table)
    metrics.stats.set(.ranksLive, Double(pool.runningCount))
    queue.pump()
  }

  /// Notes that a request has a place at a rank, or has left it.
  func placesChanged(by change: Int) {
    inFlight += change
    metrics.stats.set(.inFlight, Double(inFlight))
    if change < 0 { queue.pump() }
  }

  /// Tells that nothing new should begin.
  func beginDraining() { isDraining = true }

  /// Tells that requests may begin again.
  func endDraining() { isDraining = false }

  /// Waits until no request is served; false when `deadline` came first.
  func becameIdle(by deadline: Instant) async -> Bool {
    relays.isEmpty ? true : await idle.wait(until: deadline)
  }

  /// Ends what is still under way, each request with an explicit error.
  func interruptAll() {
    for relay in relays.values { relay.interruption.happen(.drained) }
  }
}
