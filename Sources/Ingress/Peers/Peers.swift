import Platform
import Telemetry

/// The other replicas, as the load board shows them, and their doorbells.
@Loop
final class Peers {
  let board: LoadBoard
  /// This replica's number.
  let replica: Int
  private let bell: Doorbell?
  private let folder: String
  /// The numbers of the other replicas, from the one after this on: so that equals are not always met in one order.
  let others: [Int]

  /// - Parameters:
  ///   - folder: where every replica hangs its bell.
  ///   - bell: this replica's; nil for one that is alone.
  init(_ board: LoadBoard, replica: Int, bell: Doorbell?, folder: String) {
    self.board = board
    self.replica = replica
    self.bell = bell
    self.folder = folder
    others = (1..<max(1, board.replicas)).map { (replica + $0) % board.replicas }
  }

  /// Has `peer` look at the board.
  func ring(_ peer: Int) { bell?.ring(LoadBoard.bellPath(in: folder, replica: peer)) }

  /// The other replica that takes connections and has the fewest; nil when there is none.
  func leastConnected() -> (peer: Int, connections: Int)? {
    let now = Self.now
    var least: (peer: Int, connections: Int)?
    for peer in others {
      guard let presence = board.presence(replica: peer), presence.isAccepting, presence.isFresh(at: now)
      else { continue }
      if presence.connections < least?.connections ?? .max { least = (peer, presence.connections) }
    }
    return least
  }

  /// The other replica whose first waiting request comes before `front`, and before all others' too.
  ///
  /// Nil when there is none; one that stands still is passed over.
  func elder(than front: UInt64) -> Int? {
    let now = Self.now
    var elder: (peer: Int, front: UInt64)?
    for peer in others {
      let first = board.queue(replica: peer).front
      guard first > 0, first < elder?.front ?? front else { continue }
      if board.presence(replica: peer)?.isFresh(at: now) == true { elder = (peer, first) }
    }
    return elder?.peer
  }

  /// Seconds of the clock that all replicas share.
  static var now: Double { Double(Instant.now.nanoseconds) * 1e-9 }
}
