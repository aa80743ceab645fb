import HTTP
import Platform
import Supervision
import Telemetry

/// One life of one ingress replica as a process, and what it is told: the rank table, and whether to take clients.
@Loop
final class IngressProcess {
  let index: Int
  let life: Int
  let process: SupervisedProcess
  let meter: ProcessMeter<IngressStats>
  /// Whether it lives, by its own account.
  var vigil = Vigil()

  private let client: HTTPClient
  private var wanted: RankTableMessage
  private var wantsLeave: Bool
  /// What it was told of that last; nil when a former controller may have told it anything.
  private var toldLeave: Bool?
  private var changed = Signal()
  private var isStopped = false
  private static let pushTimeout = Duration.seconds(5)
  private static let firstRetry = Duration.milliseconds(10)
  private static let slowestRetry = Duration.milliseconds(500)

  init(
    index: Int, life: Int, _ process: SupervisedProcess, socket: String, page: String,
    table: RankTableMessage,
    isCordoned: Bool, toldLeave: Bool? = false
  ) {
    wantsLeave = isCordoned
    self.toldLeave = toldLeave
    self.index = index
    self.life = life
    self.process = process
    wanted = table
    client = HTTPClient(.unix(path: socket))
    meter = ProcessMeter(
      pid: process.identity.pid, pagePath: page, watched: [.ttft, .tpot, .queueWait, .e2e, .routeOverhead],
      start: MonotonicClock.seconds)
  }

  /// Has a newer table taken over.
  func push(_ table: RankTableMessage) {
    wanted = table
    wake()
  }

  /// Has it send its clients elsewhere, or take them again.
  func setCordoned(_ isCordoned: Bool) {
    wantsLeave = isCordoned
    wake()
  }

  /// Whether it was told to leave its clients to others, and has no request left.
  func isDrained(at now: Double) -> Bool {
    guard toldLeave == true, let page = meter.page, !meter.isStale(at: now) else { return false }
    return page[.inFlight] + page[.queueDepth] == 0
  }

  private func wake() {
    let signal = changed
    changed = Signal()
    signal.fire()
  }

  /// Tells the replica what is new until its process ends, and tells `acknowledged` of each table that it took.
  func keepInformed(_ acknowledged: (Int) -> Void) async {
    var taken = -1
    var retry = Self.firstRetry
    while process.exitStatus == nil, !isStopped {
      let (table, leave) = (wanted, wantsLeave)
      if taken >= table.version, toldLeave == leave {
        let signal = changed
        _ = await signal.wait(until: .never)
      } else if toldLeave != leave, await post(leave ? "/drain" : "/resume") {
        toldLeave = leave
        retry = Self.firstRetry
      } else if taken < table.version, await put(table) {
        taken = table.version
        retry = Self.firstRetry
        acknowledged(taken)
      } else {
        await Loop.sleep(for: retry)
        retry = min(retry * 2, Self.slowestRetry)
      }
    }
  }

  /// Ends ``keepInformed(_:)``.
  func stopPushing() {
    isStopped = true
    changed.fire()
    client.closeIdle()
  }

  private func put(_ table: RankTableMessage) async -> Bool {
    await send("PUT", "/v1/ranks", body: encoded(table))
  }

  private func post(_ path: String) async -> Bool { await send("POST", path, body: []) }

  private func send(_ method: String, _ path: String, body: [UInt8]) async -> Bool {
    let answer = try? await client.request(
      method, path, fields: [("Content-Type", "application/json")], body: body,
      until: .after(Self.pushTimeout))
    client.closeIdle()
    return answer.map { (200..<300).contains($0.status) } ?? false
  }
}

/// The rank table as an ingress replica takes it.
struct RankTableMessage: Encodable, Sendable {
  struct Entry: Encodable, Sendable {
    let group: Int
    let rank: Int
    let epoch: Int
    let endpoint: String
    let capacity: Int
    let state: String
    /// The rank's column on the load board.
    let slot: Int
  }

  let version: Int
  let ranks: [Entry]
}
