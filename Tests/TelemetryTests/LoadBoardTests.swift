import Glibc
import Synchronization
import Testing

@testable import Telemetry

@Suite struct `The load board` {
  private func board(replicas: Int, slots: Int = 8) throws -> LoadBoard {
    var template = Array("/tmp/board-XXXXXX".utf8CString)
    let fd = mkstemp(&template)
    try #require(fd >= 0)
    unlink(template)
    defer { close(fd) }
    ftruncate(fd, LoadBoard.byteCount(replicas: replicas, slots: slots))
    return try LoadBoard(fd: fd, replicas: replicas)
  }

  @Test func `keeps what each replica says, and forgets one row alone`() throws {
    let board = try board(replicas: 3)
    let presence = BoardPresence(beat: 1234.5, isAccepting: true, connections: 77)
    for replica in 0..<3 {
      board.set(BoardLoad(requests: replica + 1, tokens: 10 * replica), replica: replica, slot: 7)
      board.set(presence, replica: replica)
      board.set(BoardQueue(waiting: replica, inFlight: 2, front: UInt64(9 - replica)), replica: replica)
      board.set(callers: replica + 1, replica: replica, slot: 63)
    }
    #expect(board.presence(replica: 1) == presence && board.slots == 8)
    #expect(board.sum(slot: 7) == BoardLoad(requests: 6, tokens: 30))
    #expect(board.queues() == BoardQueue(waiting: 3, inFlight: 6, front: 7))
    #expect(board.callers(slot: 63, excluding: 0) == 5)
    board.clear(replica: 2)
    #expect(
      board.presence(replica: 2) == nil && board.queues() == BoardQueue(waiting: 1, inFlight: 4, front: 8))
    #expect(board.sum(slot: 7) == BoardLoad(requests: 3, tokens: 10) && board.callers(slot: 63) == 3)
  }

  @Test func `orders by priority, then by arrival`() {
    let fronts = [(-5, 9000), (0, 1000), (0, 2000), (3, 500)].map {
      BoardQueue.front(priority: $0.0, arrival: $0.1)
    }
    #expect(fronts == fronts.sorted() && Set(fronts).count == 4 && !fronts.contains(0))
    #expect(
      BoardQueue.front(priority: 1 << 40, arrival: .max) == BoardQueue.front(priority: 127, arrival: .max))
  }

  /// Replicas on threads of their own claim as the ingress does: publish, look, withdraw.
  @Test func `holds a limit against all replicas at once`() async throws {
    let (replicas, limit) = (6, 4)
    let board = try board(replicas: replicas)
    let counts = Counts()
    Threads.concurrently(replicas) { replica in
      for _ in 0..<20_000 {
        board.set(BoardLoad(requests: 1), replica: replica, slot: 0)
        board.publishThenLook()
        if board.sum(slot: 0).requests <= limit {
          let now = counts.running.add(1, ordering: .sequentiallyConsistent).newValue
          counts.most.max(now, ordering: .relaxed)
          counts.granted.add(1, ordering: .relaxed)
          counts.running.subtract(1, ordering: .sequentiallyConsistent)
        }
        board.set(BoardLoad(), replica: replica, slot: 0)
      }
    }
    #expect(counts.most.load(ordering: .relaxed) <= limit)
    #expect(counts.granted.load(ordering: .relaxed) > 1000)
  }
}

private final class Counts: Sendable {
  let running = Atomic(0)
  let most = Atomic(0)
  let granted = Atomic(0)
}

/// Threads of the test itself.
private enum Threads {
  private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  static func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let threads = (0..<count).map { index -> pthread_t in
      var thread = pthread_t()
      let work = Unmanaged.passRetained(Work { body(index) })
      pthread_create(
        &thread, nil,
        { argument in
          if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
          return nil
        }, work.toOpaque())
      return thread
    }
    for thread in threads { pthread_join(thread, nil) }
  }
}
