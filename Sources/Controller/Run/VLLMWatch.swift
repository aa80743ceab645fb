import Deployment
import Glibc
import HTTP
import Platform
import Supervision
import Telemetry
import VLLM

/// Watches one life of a `vllm serve` from outside, and writes what it learns on the stats page that a bundled rank
/// would write itself: so whoever reads pages needs not know which engine runs.
@Loop
final class VLLMWatch {
  /// What the rank's processes map; it is left behind when they die hard.
  private(set) var segments = SharedSegments()

  private let process: SupervisedProcess
  private let page: StatsPageWriter<RankStats>
  private let client: HTTPClient
  private var log: LogCursor
  private var start = StartLog()
  private var standstill: StandstillRule
  private var last: RankReading?
  private var isRunning = true

  private static let lookInterval = Duration.milliseconds(250)
  private static let readInterval = Duration.seconds(1)
  private static let readTimeout = Duration.seconds(2)
  /// What is mapped changes while a rank starts, and hardly ever after that.
  private static let firstNoteInterval = Duration.milliseconds(500)
  private static let longestNoteInterval = Duration.seconds(30)

  /// Begins to watch; the page at `pagePath` is made anew.
  init(_ process: SupervisedProcess, socket: String, pagePath: String, limit: Duration) throws(StatsPageError)
  {
    self.process = process
    page = try StatsPageWriter(path: pagePath)
    client = HTTPClient(.unix(path: socket))
    log = LogCursor(process.logPath, from: process.logStart)
    standstill = StandstillRule(limit: limit, grace: StandstillRule.grace)
    page.enter(.spawn)
  }

  /// The processes without which an API server answers nobody; it learns of their deaths late, or when next asked.
  private static let parts = ["VLLM::EngineCore", "VLLM::Worker", "VLLM::DPCoordinator"]

  /// The loss of a part is told so much later than it is seen.
  private static let lossDelay = Duration.milliseconds(5)

  /// Looks again and again until the process ends or ``stop()``.
  ///
  /// - Parameters:
  ///   - inFlight: the requests that the ingress has at the rank now.
  ///   - onStandstill: called when the rank has requests and makes no step.
  ///   - onLoss: called with the title of a process that ended, without which it cannot serve.
  func run(
    inFlight: @Loop () -> Int, onStandstill: @Loop (Duration) -> Void,
    onLoss: @escaping @Loop (String) -> Void
  ) async {
    var isWatchingParts = false
    var nextReading = Instant.now
    var nextNote = Instant.now
    var noteInterval = Self.firstNoteInterval
    while isRunning, process.exitStatus == nil {
      if start.phase < .listening {
        let before = start.phase
        readLog()
        if start.phase != before { (nextNote, noteInterval) = (.now, Self.firstNoteInterval) }
      }
      if Instant.now >= nextNote {
        segments.note(sessionOf: process.identity)
        nextNote = .after(noteInterval)
        noteInterval = min(noteInterval * 2, Self.longestNoteInterval)
      }
      if start.phase == .listening, !isWatchingParts {
        isWatchingParts = true
        watchParts(onLoss)
      }
      if start.phase == .listening, Instant.now >= nextReading {
        await readMetrics()
        nextReading = .after(Self.readInterval)
        let time = standstill.look(
          hasWork: inFlight() > 0, count: last?.steps ?? 0, at: MonotonicClock.now)
        if let time { onStandstill(time) }
      }
      await Loop.sleep(for: Self.lookInterval)
    }
  }

  private func watchParts(_ onLoss: @escaping @Loop (String) -> Void) {
    for part in SessionPart.all(of: process.identity, titled: Self.parts) {
      Loop.task {
        await part.end()
        // A server that died before took this along, and is the one to be named.
        await Loop.sleep(for: Self.lossDelay)
        if self.isRunning, self.process.exitStatus == nil { onLoss(part.title) }
      }
    }
  }

  /// Ends ``run(inFlight:onStandstill:onLoss:)``.
  func stop() { isRunning = false }

  /// Notes what the processes map before they are killed.
  func noteSegments() { segments.note(sessionOf: process.identity) }

  /// A rank that another controller saw start.
  func skipStart() {
    start.add("Application startup complete\n")
    page.enter(.ready)
  }

  private func readLog() {
    guard let text = log.next() else { return page.beat() }
    start.add(text)
    let phase: StatsPhase =
      switch start.phase {
      case .spawn: .spawn
      case .rendezvous: .rendezvous
      case .loadWeights: .loadWeights
      case .kvAlloc: .kvAlloc
      case .warmup: .warmup
      case .listening: .ready
      }
    page.enter(phase, progress: start.progress)
  }

  private func readMetrics() async {
    guard
      let answer = try? await client.request("GET", "/metrics", until: .after(Self.readTimeout)),
      answer.status == 200, let reading = try? RankReading(page: answer.body)
    else { return }
    last = reading
    let counters: [(RankStats.Counter, Int)] = [
      (.steps, reading.steps), (.promptTokens, reading.promptTokens),
      (.generationTokens, reading.generationTokens), (.requestsStopped, reading.stopped),
      (.requestsAtLength, reading.atLength), (.requestsAborted, reading.aborted),
      (.requestsFailed, reading.failed), (.preemptions, reading.preemptions),
      (.prefixQueries, reading.prefixQueries), (.prefixHits, reading.prefixHits),
    ]
    for (slot, value) in counters { page.set(slot, Int64(value)) }
    let blocks = Double(reading.cacheBlocks ?? 1)
    page.set(.running, Double(reading.running))
    page.set(.waiting, Double(reading.waiting))
    page.set(.kvBlocksTotal, blocks)
    page.set(.kvBlocksUsed, blocks * reading.cacheUsage)
    page.beat()
  }
}

/// What is appended to a log, piece by piece.
struct LogCursor {
  private let path: String
  private var position: Int
  private static let longestPiece = 256 * 1024

  init(_ path: String, from position: Int) {
    self.path = path
    self.position = position
  }

  /// What came since the last look; nil when nothing did.
  mutating func next() -> String? {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return nil }
    defer { close(fd) }
    var bytes = [UInt8](repeating: 0, count: Self.longestPiece)
    let count = bytes.withUnsafeMutableBytes { pread(fd, $0.baseAddress, $0.count, position) }
    guard count > 0 else { return nil }
    position += count
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}
