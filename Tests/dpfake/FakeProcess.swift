import Glibc
import HTTP
import Platform
import Telemetry

/// Stands in for a rank or an ingress replica in tests of the controller.
///
/// It has their command line, stats page and sockets, and no model. `FAKE` in its environment scripts how it misbehaves.
@main struct FakeProcess {
  static func main() {
    signal(SIGPIPE, SIG_IGN)
    Signals.block([SIGTERM, SIGUSR1, SIGUSR2])
    let options = Options(Array(CommandLine.arguments.dropFirst()))
    EventLoop.shared.run { await run(options) }
  }

  @Loop
  static func run(_ options: Options) async -> Int32 {
    do {
      if options["--listen-fd"] != nil {
        try await FakeIngress(options).serve()
      } else {
        try await FakeRank(options).serve()
      }
      return 0
    } catch {
      complain("error: \(error)")
      return 1
    }
  }

  static func complain(_ text: String) {
    let line = Array("dpfake: \(text)\n".utf8)
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}

/// `--name value` pairs.
struct Options {
  private var values: [String: String] = [:]

  init(_ words: [String]) {
    for (name, value) in zip(words, words.dropFirst()) where name.hasPrefix("--") { values[name] = value }
  }

  subscript(_ name: String) -> String? { values[name] }

  /// How it misbehaves, word by word.
  var script: [String] { (Environment["FAKE"] ?? "").split(separator: " ").map(String.init) }

  /// What stands behind `name:` in the script; nil when it is not there.
  func word(of name: String) -> String? {
    script.first { $0.hasPrefix(name + ":") }.map { String($0.dropFirst(name.count + 1)) }
  }

  /// The number behind `name:` in the script.
  func number(of name: String) -> Int? { word(of: name).flatMap { Int($0) } }
}

/// A rank that is ready as soon as its script lets it, answers every completion with one token, and streams the same
/// twenty tokens to everybody, from wherever another rank was interrupted.
///
/// The script is words: `crash:RANK`, `exit78:RANK`, `hang:RANK`, `hog:RANK` (takes all memory there is), `fork`, `daemon`,
/// `closed` (no standard streams), all of them in the phase `at:PHASE` (loadWeights), `stubborn`, `die:RANK after:MS`,
/// `pace:MS`, the time that each phase of its start takes, and `token:MS`, that which a token takes. SIGUSR1 has it stand
/// still for good, and SIGUSR2 has it give up on the next rank after it has waited for that for a while.
@Loop
struct FakeRank {
  private let options: Options
  private let page: StatsPageWriter<RankStats>

  init(_ options: Options) throws {
    self.options = options
    page = try StatsPageWriter(path: options["--stats-page"] ?? "")
  }

  private func start() async throws {
    for (phase, progress) in [
      (StatsPhase.spawn, 0), (.rendezvous, 0), (.loadWeights, 0.5), (.kvAlloc, 0), (.warmup, 0),
    ] {
      page.enter(phase, progress: progress)
      page.beat()
      if "\(phase)" == options.word(of: "at") ?? "loadWeights" { try misbehaveAtStart() }
      if let pace = options.number(of: "pace") { await Loop.sleep(for: .milliseconds(pace)) }
    }
  }

  private func misbehaveAtStart() throws {
    let rank = options["--data-parallel-rank"] ?? ""
    for word in options.script {
      switch word {
      case "exit78:\(rank)":
        FakeProcess.complain("error: no such model")
        exit(78)
      case "crash:\(rank)":
        FakeProcess.complain("error: out of luck")
        exit(7)
      case "fork": _ = try ChildProcess(Command("/bin/sleep", ["600"]))
      case "daemon":
        // Forks, and forks again in a session of its own whose parent has ended.
        let script = "(setsid sleep 600 </dev/null >/dev/null 2>&1 3>&- &)"
        _ = try ChildProcess(Command("/bin/sh", ["-c", script], newSession: false))
      case "hang:\(rank)": while true { pause() }
      case "hog:\(rank)": while let block = malloc(1 << 20) { memset(block, 1, 1 << 20) }
      case "closed": for descriptor in STDIN_FILENO...STDERR_FILENO { close(descriptor) }
      default: break
      }
    }
  }

  func serve() async throws {
    try await start()
    let listener = try Listener(try Listener.open(.unix(path: options["--uds"] ?? "")))
    page.set(.kvBlocksTotal, 100)
    page.enter(.ready)
    let stream = FakeStream(page, pace: .milliseconds(options.number(of: "token") ?? 10))
    let server = HTTPServer(listener) { await answer($0, stream) }
    Task { await server.run() }
    Task { await beat() }
    if let after = options.number(of: "after"), options.word(of: "die") == options["--data-parallel-rank"] {
      Task {
        await Loop.sleep(for: .milliseconds(after))
        exit(9)
      }
    }
    await untilTerminated(isStubborn: options.script.contains("stubborn")) { signal in
      if signal == SIGUSR1 { stream.isStuck = true } else { Task { await giveUp() } }
    }
  }

  /// Longer than the controller takes for a wait that has come to nothing.
  private static let patience = Duration.seconds(5)

  private func giveUp() async {
    let rank = Int(options["--data-parallel-rank"] ?? "") ?? 0
    let next = (rank + 1) % (Int(options["--data-parallel-size"] ?? "") ?? 1)
    page.set(.waitsFor, Double(next + 1))
    await Loop.sleep(for: Self.patience)
    FakeProcess.complain("error: rank \(next) did not answer")
    exit(75)
  }

  private func answer(_ exchange: HTTPExchange, _ stream: FakeStream) async {
    let body = (try? await exchange.readBody()) ?? []
    guard !String(decoding: body, as: UTF8.self).contains(#""stream":true"#) else {
      return await stream.answer(exchange)
    }
    page.add(.generationTokens, 1)
    page.add(.requestsAtLength, 1)
    page.record(.ttft, 0.01)
    await exchange.respond(200, body: Array(#"{"choices":[{"text":"a"}]}"#.utf8))
  }

  private func beat() async {
    while true {
      page.beat()
      await Loop.sleep(for: .milliseconds(200))
    }
  }
}

/// Streams `t0 t1 … t19`.
@Loop
final class FakeStream {
  private let page: StatsPageWriter<RankStats>
  private var running = 0
  /// Whether it gives no token any more, though its process lives.
  var isStuck = false
  private static let tokens = 20
  private let pace: Duration

  init(_ page: StatsPageWriter<RankStats>, pace: Duration) {
    self.page = page
    self.pace = pace
  }

  func answer(_ exchange: HTTPExchange) async {
    count(1)
    defer { count(-1) }
    await exchange.beginStream(200, fields: [("Content-Type", "text/event-stream; charset=utf-8")])
    for token in first(exchange.head)..<Self.tokens {
      repeat { await Loop.sleep(for: pace) } while isStuck && !exchange.isAbandoned
      guard !exchange.isAbandoned else { return }
      let data = #"{"choices":[{"index":0,"delta":{"content":"t\#(token) "}}]}"#
      await exchange.write(Array(": ids 0=\(token + 1)\ndata: \(data)\n\n".utf8))
      page.add(.generationTokens, 1)
      page.add(.steps, 1)
    }
    page.add(.requestsAtLength, 1)
    await exchange.write(Array("data: [DONE]\n\n".utf8))
    await exchange.endStream()
  }

  /// `0=1,2,3` names three tokens that the client has.
  private func first(_ head: MessageHead) -> Int {
    head["x-dpdeploy-resume"].map { $0.split(separator: ",").count } ?? 0
  }

  private func count(_ change: Int) {
    running += change
    page.set(.running, Double(running))
    page.set(.unfinished, Double(running))
  }
}

/// An ingress that takes rank tables, and answers every client by itself.
@Loop
final class FakeIngress {
  private let options: Options
  private let page: StatsPageWriter<IngressStats>

  init(_ options: Options) throws {
    self.options = options
    page = try StatsPageWriter(path: options["--stats-page"] ?? "")
  }

  func serve() async throws {
    let admin = HTTPServer(try Listener(try Listener.open(.unix(path: options["--admin-uds"] ?? "")))) {
      _ = try? await $0.readBody()
      await $0.respond(200, body: Array("{}".utf8))
    }
    let socket = FileDescriptor(owning: Int32(options["--listen-fd"] ?? "") ?? -1)
    let clients = HTTPServer(try Listener(socket, exclusive: true)) { await self.answer($0) }
    Task { await admin.run() }
    Task { await clients.run() }
    Task { await self.beat() }
    await untilTerminated(isStubborn: false) { _ in }
  }

  private func answer(_ exchange: HTTPExchange) async {
    _ = try? await exchange.readBody()
    page.add(.requests, 1)
    page.add(.succeeded, 1)
    page.add(.generationTokens, 10)
    page.record(.ttft, 0.02)
    page.record(.tpot, 0.005)
    await exchange.respond(200, body: Array(#"{"choices":[{"text":"b"}]}"#.utf8))
  }

  private func beat() async {
    page.enter(.ready)
    while true {
      page.beat()
      await Loop.sleep(for: .milliseconds(200))
    }
  }
}

/// Waits for SIGTERM, on which a stubborn process waits on, and hands other signals over.
@Loop
func untilTerminated(isStubborn: Bool, _ onOther: (Int32) -> Void) async {
  guard let signals = try? Signals([SIGTERM, SIGUSR1, SIGUSR2]) else { return }
  while let signal = await signals.next() {
    if signal != SIGTERM { onOther(signal) } else if !isStubborn { return }
  }
}
