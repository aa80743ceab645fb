import Glibc
import HTTP
import OpenAI
import Platform
import Telemetry
import Testing

@testable import Ingress

/// An ingress replica without a process, and ranks that do as a test says.
@Loop
final class Stage {
  let folder: String
  let service: IngressService
  let client: HTTPClient
  private let server: HTTPServer
  private let adminServer: HTTPServer
  /// Speaks to the admin socket.
  let admin: HTTPClient
  private var ranks: [HTTPServer] = []
  private let board: SharedMemory
  private let ledger: LoadLedger
  private let bell: Doorbell
  private var version = 0

  static let patience = Duration.seconds(20)
  private static let slots = 8

  private static let rows = 4

  /// - Parameters:
  ///   - replica: its number.
  ///   - first: another replica, whose ranks and board it shares.
  init(
    _ adjust: (inout IngressOptions) -> Void = { _ in }, keys: [String] = [], replica: Int = 0,
    beside first: Stage? = nil
  ) throws {
    folder = try first?.folder ?? temporaryFolder()
    board =
      if let first { SharedMemory(try first.board.descriptor.duplicate()) } else {
        try SharedMemory(
          name: "board", byteCount: LoadBoard.byteCount(replicas: Self.rows, slots: Self.slots))
      }
    var options = IngressOptions(
      clients: .shared(-1), boardDescriptor: board.descriptor.raw, adminSocket: folder + "/admin",
      statsPage: folder + "/stats\(replica)", replica: replica, boardRows: Self.rows, modelID: "toy")
    adjust(&options)
    let view = try LoadBoard(fd: board.descriptor.raw, replicas: Self.rows)
    ledger = LoadLedger(view, replica: replica)
    bell = try Doorbell(path: LoadBoard.bellPath(in: folder, replica: replica))
    let pool = RankPool(policy: options.policy, seed: 1, ledger: ledger, limit: options.maxOngoingRequests)
    let peers = Peers(view, replica: replica, bell: bell, folder: folder)
    let share = ConnectionShare(peers)
    let stats = try StatsPageWriter<IngressStats>(path: options.statsPage)
    service = IngressService(
      options, keys: try Self.keys(keys, folder), pool: pool, peers: peers, stats: stats)
    let page = MetricsPage(service.metrics, pool: pool, ledger: ledger, replica: 0)
    let handler = RequestHandler(service, page)
    let socket = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
    client = HTTPClient(.tcp(host: "127.0.0.1", port: Listener.port(of: socket) ?? 0))
    server = HTTPServer(try Listener(socket)) { await handler.handle($0) }
    let adminHandler = AdminHandler(service, Leave(service, share, server))
    let adminSocket = Endpoint.unix(path: "\(folder)/admin\(replica)")
    adminServer = HTTPServer(try Listener(Listener.open(adminSocket))) { await adminHandler.handle($0) }
    admin = HTTPClient(adminSocket)
    Task { [server] in await server.run() }
    Task { [adminServer] in await adminServer.run() }
    Task { [bell, service] in await bell.answer { service.queue.pump() } }
  }

  private static func keys(_ keys: [String], _ folder: String) throws -> KeyFile {
    guard !keys.isEmpty else { return try KeyFile(nil) }
    let path = folder + "/keys"
    let file = try #require(fopen(path, "we"))
    fputs("# clients\n" + keys.joined(separator: "\n") + "\n", file)
    fclose(file)
    chmod(path, 0o600)
    return try KeyFile(path)
  }

  /// Stops everything and removes the folder.
  func end() async {
    service.interruptAll()
    for server in [server, adminServer] + ranks { _ = await server.drain(until: .after(.seconds(5))) }
    bell.close()
    removeFolder(folder)
  }

  /// Adds a rank that answers by `handler`; it is in no table yet.
  func addRank(_ handler: @escaping HTTPServer.Handler) throws {
    let listener = try Listener(try Listener.open(.unix(path: "\(folder)/rank\(ranks.count)")))
    let server = HTTPServer(listener, handler: handler)
    ranks.append(server)
    Task { await server.run() }
  }

  /// Forgets another replica's row, as the controller does when it has died.
  func clear(replica: Int) throws {
    try LoadBoard(fd: board.descriptor.raw, replicas: Self.rows).clear(replica: replica)
    Doorbell.ring([LoadBoard.bellPath(in: folder, replica: service.options.replica)])
  }

  /// Gives the ingress a table of `count` ranks, the sockets of which need not exist.
  func publish(_ count: Int, capacity: Int = 4, epoch: Int = 1) throws {
    version += 1
    let entries = (0..<count).map {
      """
      {"group":0,"rank":\($0),"epoch":\(epoch),"endpoint":"unix:\(folder)/rank\($0)","capacity":\(capacity),\
      "state":"RUNNING","slot":\($0)}
      """
    }
    let text = #"{"version":\#(version),"ranks":[\#(entries.joined(separator: ","))]}"#
    try service.take(RankTable(parsing: Array(text.utf8)))
  }

  /// Gives the ingress a table of one rank, the one with this number, as another life of rank 0.
  func replace(with number: Int) throws {
    version += 1
    let text = """
      {"version":\(version),"ranks":[{"group":0,"rank":0,"epoch":2,"endpoint":"unix:\(folder)/rank\(number)",\
      "capacity":4,"state":"RUNNING","slot":0}]}
      """
    try service.take(RankTable(parsing: Array(text.utf8)))
  }

  /// Requests that the board says are in flight at a rank.
  func inFlight(_ rank: Int) -> Int { ledger.ownRequests(slot: rank) }

  /// Sends a chat completion and returns the head of its answer.
  func post(
    _ body: String = #"{"model":"toy","messages":[]}"#, fields: [(String, String)] = []
  ) async throws -> HTTPAnswer {
    var head = HeadWriter(method: "POST", target: "/v1/chat/completions", host: "x")
    head.field("Content-Type", "application/json")
    for (name, value) in fields { head.field(name, value) }
    return try await client.send("POST", head: head, body: Array(body.utf8), until: .after(Self.patience))
  }
}

/// A new folder with a short path, for sockets.
func temporaryFolder() throws -> String {
  var template = Array("/tmp/dpi-XXXXXX".utf8CString)
  try #require(mkdtemp(&template) != nil)
  return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Removes a folder with the files that are in it.
func removeFolder(_ path: String) {
  guard let folder = opendir(path) else { return }
  while let entry = readdir(folder) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    unlink(path + "/" + name)
  }
  closedir(folder)
  rmdir(path)
}

/// Runs `body` on a stage and cleans up after it, also when it throws.
@Loop
func onStage(_ stage: Stage, _ body: @Loop (Stage) async throws -> Void) async throws {
  do {
    try await body(stage)
    await stage.end()
  } catch {
    await stage.end()
    throw error
  }
}

extension HTTPAnswer {
  /// The rest of the body, and whether it came to a clean end.
  func rest() async -> (text: String, isComplete: Bool) {
    var bytes: [UInt8] = []
    do {
      while let piece = try await read(until: .after(Stage.patience)) { bytes += piece }
      return (String(decoding: bytes, as: UTF8.self), true)
    } catch {
      return (String(decoding: bytes, as: UTF8.self), false)
    }
  }
}

extension HTTPExchange {
  /// Answers as an engine streams: one event for each text, with ids for the ingress.
  func stream(_ texts: [String], from first: Int = 0, done: Bool = true) async {
    await beginStream(200, fields: [("Content-Type", "text/event-stream; charset=utf-8")])
    for (index, text) in texts.enumerated().dropFirst(first) {
      await write(Array(": ids 0=\(index + 1)\ndata: {\"t\":\"\(text)\"}\n\n".utf8))
    }
    if done { await write(Array("data: [DONE]\n\n".utf8)) }
  }
}

/// Waits until `condition` holds, looking once a turn of the loop's timers, and fails the test after a deadline.
@Loop
func eventually(
  _ condition: @Loop () -> Bool, location: SourceLocation = #_sourceLocation
) async {
  let deadline = Instant.after(Stage.patience)
  while !condition() {
    guard Instant.now < deadline else {
      Issue.record("it never came true", sourceLocation: location)
      return
    }
    await Loop.sleep(for: .milliseconds(1))
  }
}
