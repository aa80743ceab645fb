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

  /// - Parameters:
  ///   - folder: where every replica hangs its bell.
  ///   - bell: this replica's; nil for one that is alone.
  init(_ board: LoadBoard, replica: Int, bell: Doorbell?, folder: String) {
    self.board = board
    self.replica = replica
    self.bell = bell
    self.folder = folder
  }

  /// Has `peer` look at the board.
  func ring(_ peer: Int) { bell?.ring(LoadBoard.bellPath(in: folder, replica: peer)) }

  /// The numbers of the other replicas, from the one after this on: so that equals are not always met in one order.
  var others: [Int] { (1..<max(1, board.replicas)).map { (replica + $0) % board.replicas } }

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

  /// Seconds of the clock that all replicas share.
  static var now: Double { Double(Instant.now.nanoseconds) * 1e-9 }
}
