import HTTP
import Platform
import Supervision
import Telemetry

/// One life of one ingress replica as a process, and the rank table's way to it.
@Loop
final class IngressProcess {
  let index: Int
  let life: Int
  let process: SupervisedProcess
  let meter: ProcessMeter<IngressStats>

  private let client: HTTPClient
  private var wanted: RankTableMessage
  private var changed = Signal()
  private var isStopped = false
  private static let pushTimeout = Duration.seconds(5)
  private static let firstRetry = Duration.milliseconds(10)
  private static let slowestRetry = Duration.milliseconds(500)

  init(
    index: Int, life: Int, _ process: SupervisedProcess, socket: String, page: String, table: RankTableMessage
  ) {
    self.index = index
    self.life = life
    self.process = process
    wanted = table
    client = HTTPClient(.unix(path: socket))
    meter = ProcessMeter(
      pid: process.identity.pid, pagePath: page, watched: [.ttft, .tpot], start: MonotonicClock.seconds)
  }

  /// Has a newer table taken over.
  func push(_ table: RankTableMessage) {
    wanted = table
    let signal = changed
    changed = Signal()
    signal.fire()
  }

  /// Gives the replica each newest table until its process ends, and tells `acknowledged` of each that it took.
  func keepTableFresh(_ acknowledged: (Int) -> Void) async {
    var taken = -1
    var retry = Self.firstRetry
    while process.exitStatus == nil, !isStopped {
      let table = wanted
      if taken >= table.version {
        let signal = changed
        _ = await signal.wait(until: .never)
      } else if await put(table) {
        taken = table.version
        retry = Self.firstRetry
        acknowledged(taken)
      } else {
        await Loop.sleep(for: retry)
        retry = min(retry * 2, Self.slowestRetry)
      }
    }
  }

  /// Ends ``keepTableFresh(_:)``.
  func stopPushing() {
    isStopped = true
    changed.fire()
    client.closeIdle()
  }

  private func put(_ table: RankTableMessage) async -> Bool {
    let answer = try? await client.request(
      "PUT", "/v1/ranks", fields: [("Content-Type", "application/json")], body: encoded(table),
      until: .after(Self.pushTimeout))
    client.closeIdle()
    return answer?.status == 200
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
