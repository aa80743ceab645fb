import Glibc
import HTTP
import OpenAI
import Platform
import Routing
import Telemetry
import Testing

@testable import Ingress

/// Clients behind an ingress while their ranks are killed at random, again and again.
///
/// `CHAOS_SECONDS=60 swift test --filter ChaosTests` goes on for longer.
@Suite @Loop struct `A group under fire` {
  private static let seconds = Environment["CHAOS_SECONDS"].flatMap { Int($0) } ?? 12
  private static let killEvery = Duration.milliseconds(1000)
  private static let world = 4
  private static let streams = 16

  @Test func `fails no request and changes no byte of an answer`() async throws {
    let group = try await EngineGroup(Self.world, arguments: ["--failure-policy", "recover"])
    let ingress = try ChaosIngress(group)
    let questions = (0..<Self.streams).map { Question(number: $0) }
    var expected: [[UInt8]] = []
    for question in questions { expected.append(try await ingress.ask(question)) }
    let end = Instant.after(.seconds(Self.seconds))
    let askers = questions.indices.map { index in
      Task { @Loop in
        var count = 0
        while Instant.now < end {
          let answer = try await ingress.ask(questions[index])
          try #require(answer == expected[index], "\(String(decoding: answer, as: UTF8.self).suffix(400))")
          count += 1
        }
        return count
      }
    }
    let kills = try await fire(at: group, ingress, until: end)
    var answers = 0
    for asker in askers { answers += try await asker.value }
    let migrations = ingress.service.metrics.stats.value(.migrations)
    print(
      "chaos: \(kills) ranks killed in \(Self.seconds) s, \(answers) answers, \(migrations) streams moved")
    #expect(kills >= Self.seconds / 3 && answers > Self.streams)
    await ingress.end()
    await group.stop()
  }

  /// Kills a random rank every second, and puts another process in its place.
  private func fire(at group: EngineGroup, _ ingress: ChaosIngress, until end: Instant) async throws -> Int {
    var kills = 0
    while Instant.now < end {
      let next = Instant.after(Self.killEvery)
      let victim = Int.random(in: 0..<Self.world)
      group.ranks[victim].process.send(SIGKILL)
      _ = await group.ranks[victim].process.exit(until: .after(.seconds(10)))
      kills += 1
      try ingress.publish(without: victim)
      try await group.replace(victim)
      try ingress.publish(without: nil)
      await Loop.sleep(until: next)
    }
    return kills
  }
}

/// What a client asks, by number: different lengths, some by chance with a seed.
private struct Question: Sendable {
  let body: [UInt8]

  init(number: Int) {
    let draw = number.isMultiple(of: 2) ? #""temperature":0"# : #""temperature":0.9,"seed":\#(number)"#
    body = Array(
      #"{"prompt":[\#(number + 3),9,4],"max_tokens":\#(60 + 10 * number),\#(draw),"ignore_eos":true,"stream":true}"#
        .utf8)
  }
}

/// An ingress replica in this process, before the ranks of a group.
@Loop
private final class ChaosIngress {
  let service: IngressService
  private let client: HTTPClient
  private let server: HTTPServer
  private let group: EngineGroup
  private let board: SharedMemory
  private let page: String
  private var version = 0
  private var lives = [Int](repeating: 0, count: 4)

  init(_ group: EngineGroup) throws {
    self.group = group
    board = try SharedMemory(name: "board", byteCount: LoadBoard.byteCount(replicas: 1, slots: 8))
    page = "/tmp/dpchaos-\(getpid()).stats"
    var options = IngressOptions(
      clients: .shared(-1), boardDescriptor: board.descriptor.raw, adminSocket: "", statsPage: page,
      replica: 0,
      boardRows: 1, modelID: "toy")
    // Fire at random may well hit the same stream often.
    options.migrationLimit = 100
    let view = try LoadBoard(fd: board.descriptor.raw, replicas: 1)
    let ledger = LoadLedger(view, replica: 0)
    let pool = RankPool(policy: .powerOfTwo, seed: 1, ledger: ledger)
    let service = IngressService(
      options, keys: try KeyFile(nil), pool: pool, peers: Peers(view, replica: 0, bell: nil, folder: ""),
      stats: try StatsPageWriter<IngressStats>(path: page))
    self.service = service
    let handler = RequestHandler(
      service, MetricsPage(service.metrics, pool: pool, ledger: ledger, replica: 0))
    let socket = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
    client = HTTPClient(.tcp(host: "127.0.0.1", port: Listener.port(of: socket) ?? 0))
    server = HTTPServer(try Listener(socket)) { await handler.handle($0) }
    Task { [server] in await server.run() }
    try publish(without: nil)
  }

  /// Tells the ingress which ranks there are, as the controller does; `dead` has a new process from now on.
  func publish(without dead: Int?) throws {
    version += 1
    if let dead { lives[dead] += 1 }
    let entries = lives.indices.filter { $0 != dead }.map {
      """
      {"group":0,"rank":\($0),"epoch":\(lives[$0] + 1),"endpoint":"unix:\(group.socket($0))","capacity":64,\
      "state":"RUNNING","slot":\($0)}
      """
    }
    try service.take(
      RankTable(parsing: Array(#"{"version":\#(version),"ranks":[\#(entries.joined(separator: ","))]}"#.utf8))
    )
  }

  /// The text of an answer as its client gets it, less what differs between two answers to one question anyway.
  func ask(_ question: Question) async throws -> [UInt8] {
    var head = HeadWriter(method: "POST", target: "/v1/completions", host: "x")
    head.field("X-Request-Id", "same")
    let answer = try await client.send("POST", head: head, body: question.body, until: .after(.seconds(60)))
    try #require(answer.head.status == 200)
    var bytes: [UInt8] = []
    while let piece = try await answer.read(until: .after(.seconds(60))) { bytes += piece }
    try #require(bytes.suffix(14).elementsEqual("data: [DONE]\n\n".utf8))
    let text = String(decoding: bytes, as: UTF8.self)
    let lines = text.split(separator: "\n").map { line in
      line.split(separator: ",").filter { !$0.hasPrefix("\"created\"") }.joined(separator: ",")
    }
    return Array(lines.joined(separator: "\n").utf8)
  }

  func end() async {
    service.interruptAll()
    _ = await server.drain(until: .after(.seconds(5)))
    unlink(page)
  }
}
