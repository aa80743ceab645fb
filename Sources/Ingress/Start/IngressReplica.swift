import Glibc
import HTTP
import OpenAI
public import Platform
import Telemetry

/// One ingress replica as a process: one event-loop thread between clients and ranks.
@Loop
public final class IngressReplica {
  private let options: IngressOptions
  private let stats: StatsPageWriter<IngressStats>
  private let service: IngressService
  private let admin: HTTPServer
  private let clients: HTTPServer
  private let share: ConnectionShare
  private let bell: Doorbell
  /// Left for error events and their way to the clients, out of the time for finishing requests.
  private static let lastWords = Duration.milliseconds(500)

  /// Takes the sockets and the board over.
  ///
  /// - Throws: ``IngressError`` that names the option.
  public init(_ options: IngressOptions) throws(IngressError) {
    self.options = options
    do {
      stats = try StatsPageWriter(path: options.statsPage)
      let board = try LoadBoard(fd: options.boardDescriptor, replicas: options.boardRows)
      let ledger = LoadLedger(board, replica: options.replica)
      let folder = Self.folder(of: options.adminSocket)
      bell = try Doorbell(path: LoadBoard.bellPath(in: folder, replica: options.replica))
      let peers = Peers(board, replica: options.replica, bell: bell, folder: folder)
      share = ConnectionShare(peers)
      let pool = RankPool(
        policy: options.policy, seed: .random(in: 0 ... .max), ledger: ledger,
        limit: options.maxOngoingRequests)
      let service = IngressService(
        options, keys: try KeyFile(options.apiKeysFile), pool: pool, peers: peers,
        stats: stats)
      self.service = service
      let page = MetricsPage(service.metrics, pool: pool, ledger: ledger, replica: options.replica)
      clients = try Self.clientServer(options, share, RequestHandler(service, page))
      admin = try Self.adminServer(options, AdminHandler(service, Leave(service, share, clients)))
      clients.onConnectionCount = { [share] in share.connectionsChanged(to: $0) }
    } catch let error as IngressError {
      throw error
    } catch {
      throw IngressError("\(error)")
    }
  }

  private static func adminServer(
    _ options: IngressOptions, _ handler: AdminHandler
  ) throws(SystemError) -> HTTPServer {
    let listener = try Listener(Listener.open(.unix(path: options.adminSocket)))
    return HTTPServer(listener) { await handler.handle($0) }
  }

  private static func clientServer(
    _ options: IngressOptions, _ share: ConnectionShare, _ handler: RequestHandler
  ) throws(SystemError) -> HTTPServer {
    let listener: Listener
    switch options.clients {
    case .shared(let descriptor):
      listener = try Listener(FileDescriptor(owning: descriptor), exclusive: true, gate: share)
    case .own(let path): listener = try Listener(Listener.open(.unix(path: path)))
    }
    var limits = HTTPLimits()
    limits.bodyBytes = options.maxBodyBytes
    return HTTPServer(
      listener, limits: limits,
      refusal: { ("application/json", APIError.malformedRequest(status: $0, $1).body) },
      handler: { await handler.handle($0) })
  }

  /// Serves until SIGTERM or SIGINT, then finishes what is under way.
  public func run() async {
    let tasks = [
      Loop.task { await self.admin.run() }, Loop.task { await self.clients.run() },
      Loop.task { await self.beat() }, Loop.task { await self.bell.answer { self.lookAtBoard() } },
    ]
    defer { for task in tasks { task.cancel() } }
    stats.enter(.ready)
    ProcessLog.write("ingress replica \(options.replica) serves \(options.modelID)")
    guard let signals = try? Signals([SIGTERM, SIGINT]) else { return }
    _ = await signals.next()
    await drain()
    await service.spans?.flush()
  }

  private func drain() async {
    ProcessLog.write("draining, \(service.activeCount) requests under way")
    stats.enter(.draining)
    service.beginDraining()
    share.leave()
    let patience = max(.zero, options.drainTimeout - Self.lastWords)
    if await clients.drain(until: .after(patience)) { return }
    ProcessLog.write("\(service.activeCount) requests are cut off after \(options.drainTimeout)")
    service.interruptAll()
    _ = await clients.drain(until: .after(Self.lastWords))
  }

  /// Shows once a second that the process lives, and what it has used.
  private func beat() async {
    while !Task.isCancelled {
      stats.set(.openConnections, Double(clients.connectionCount))
      stats.set(.busyNanoseconds, Self.threadNanoseconds)
      stats.beat()
      share.beat()
      service.keys.reload()
      clients.lookAgain()
      await Loop.sleep(for: .seconds(1))
    }
  }

  /// Another replica changed the board in a way that matters here.
  private func lookAtBoard() {
    share.reconsider()
    clients.lookAgain()
    service.queue.pump()
  }

  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  }

  private static var threadNanoseconds: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
