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
    Signals.block([SIGTERM])
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
  var behaviour: String { Environment["FAKE"] ?? "" }
}

/// A rank that is ready at once and answers every completion with one token.
@Loop
struct FakeRank {
  private let options: Options
  private let page: StatsPageWriter<RankStats>
  private let listener: Listener

  init(_ options: Options) throws {
    self.options = options
    page = try StatsPageWriter(path: options["--stats-page"] ?? "")
    page.enter(.loadWeights, progress: 0.5)
    page.beat()
    try Self.misbehaveAtStart(options)
    listener = try Listener(try Listener.open(.unix(path: options["--uds"] ?? "")))
  }

  private static func misbehaveAtStart(_ options: Options) throws {
    let rank = options["--data-parallel-rank"] ?? ""
    switch options.behaviour {
    case "exit78:\(rank)":
      FakeProcess.complain("error: no such model")
      exit(78)
    case "crash:\(rank)":
      FakeProcess.complain("error: out of luck")
      exit(7)
    case "fork": _ = try ChildProcess(Command("/bin/sleep", ["600"]))
    case "hang:\(rank)": while true { pause() }
    default: break
    }
  }

  func serve() async throws {
    page.set(.kvBlocksTotal, 100)
    page.enter(.ready)
    let server = HTTPServer(listener) { await answer($0) }
    Task { await server.run() }
    Task { await beat() }
    await untilTerminated(isStubborn: options.behaviour == "stubborn")
  }

  private func answer(_ exchange: HTTPExchange) async {
    _ = try? await exchange.readBody()
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
    await untilTerminated(isStubborn: false)
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

/// Waits for SIGTERM; a stubborn process waits on.
@Loop
func untilTerminated(isStubborn: Bool) async {
  guard let signals = try? Signals([SIGTERM]) else { return }
  while await signals.next() != nil, isStubborn {}
}
