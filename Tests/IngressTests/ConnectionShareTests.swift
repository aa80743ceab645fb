import HTTP
import Platform
import Telemetry
import Testing

@testable import Ingress

@Suite @Loop struct `Replicas share their clients' connections` {
  /// Replicas that accept on one socket, as processes do, but all on the test's loop.
  @Loop private final class Crowd {
    let board: SharedMemory
    let folder: String
    var shares: [ConnectionShare] = []
    var servers: [HTTPServer] = []
    let endpoint: Endpoint
    private var bells: [Doorbell] = []

    init(_ count: Int) throws {
      folder = try temporaryFolder()
      board = try SharedMemory(name: "board", byteCount: LoadBoard.byteCount(replicas: count, slots: 8))
      let socket = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
      endpoint = .tcp(host: "127.0.0.1", port: Listener.port(of: socket) ?? 0)
      for replica in 0..<count { try add(replica, socket.duplicate()) }
    }

    private func add(_ replica: Int, _ socket: consuming FileDescriptor) throws {
      let view = try LoadBoard(
        fd: board.descriptor.raw, replicas: board.byteCount() / LoadBoard.byteCount(replicas: 1, slots: 8))
      let bell = try Doorbell(path: LoadBoard.bellPath(in: folder, replica: replica))
      let share = ConnectionShare(Peers(view, replica: replica, bell: bell, folder: folder))
      let server = HTTPServer(try Listener(socket, exclusive: true, gate: share)) {
        await $0.respond(200, body: Array("\(replica)".utf8))
      }
      server.onConnectionCount = { share.connectionsChanged(to: $0) }
      Task { await server.run() }
      Task {
        await bell.answer {
          share.reconsider()
          server.lookAgain()
        }
      }
      shares.append(share)
      servers.append(server)
      bells.append(bell)
    }

    var counts: [Int] { servers.map(\.connectionCount) }

    func connect(_ count: Int) async throws -> [Socket] {
      var sockets: [Socket] = []
      for _ in 0..<count {
        sockets.append(try await Socket.connect(to: endpoint, until: .after(Stage.patience)))
      }
      return sockets
    }

    func end() async {
      for (server, share) in zip(servers, shares) {
        share.leave()
        _ = await server.drain(until: .after(.seconds(5)))
      }
      for bell in bells { bell.close() }
      removeFolder(folder)
    }
  }

  @Test func `64 over four within a fifth`() async throws {
    let crowd = try Crowd(4)
    let clients = try await crowd.connect(64)
    await eventually { crowd.counts.reduce(0, +) == 64 }
    #expect(crowd.counts.allSatisfy { abs($0 - 16) <= 3 }, "\(crowd.counts)")
    for client in clients { client.close() }
    await eventually { crowd.counts.reduce(0, +) == 0 }
    await crowd.end()
  }

  @Test func `one that comes later, or lost its clients, takes what comes until it has as many`() async throws
  {
    let crowd = try Crowd(3)
    var clients = try await crowd.connect(30)
    await eventually { crowd.counts.reduce(0, +) == 30 }
    crowd.shares[0].leave()
    _ = await crowd.servers[0].drain(until: .after(.seconds(5)))
    await eventually { crowd.counts[0] == 0 }
    let before = crowd.counts
    clients += try await crowd.connect(20)
    await eventually { crowd.counts.reduce(0, +) == before.reduce(0, +) + 20 }
    #expect(abs(crowd.counts[1] - crowd.counts[2]) <= 4, "\(crowd.counts)")
    for client in clients { client.close() }
    await crowd.end()
  }

  @Test func `one that takes leave takes no more until it comes back`() async throws {
    let crowd = try Crowd(2)
    crowd.shares[0].leave()
    let clients = try await crowd.connect(12)
    await eventually { crowd.counts[1] == 12 }
    #expect(crowd.counts[0] == 0)
    crowd.shares[0].comeBack()
    let later = try await crowd.connect(12)
    await eventually { crowd.counts.reduce(0, +) == 24 && crowd.counts[0] >= 6 }
    for client in clients + later { client.close() }
    await crowd.end()
  }

  @Test func `nobody waits for a replica that stands still`() async throws {
    let crowd = try Crowd(2)
    // It says that it has no connection and takes them, and never does.
    crowd.servers[1].onConnectionCount = nil
    _ = await crowd.servers[1].drain(until: .after(.seconds(5)))
    let clients = try await crowd.connect(12)
    await eventually { crowd.counts[0] == 12 }
    for client in clients { client.close() }
    await crowd.end()
  }
}
