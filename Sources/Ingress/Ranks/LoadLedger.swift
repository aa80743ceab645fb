import Platform
import Routing
import Telemetry

/// What this replica has in flight, kept here and published on the load board.
@Loop
final class LoadLedger {
  private let board: LoadBoard
  private let replica: Int
  private var own: [BoardLoad]

  init(_ board: LoadBoard, replica: Int) {
    self.board = board
    self.replica = replica
    own = [BoardLoad](repeating: BoardLoad(), count: board.slots)
    board.clear(replica: replica)
  }

  /// Whether the board has a column `slot`.
  func holds(slot: Int) -> Bool { own.indices.contains(slot) }

  /// What all replicas have in flight at the rank of `slot`.
  func load(slot: Int) -> RankLoad {
    let sum = board.sum(slot: slot)
    return RankLoad(requests: sum.requests, tokens: sum.tokens)
  }

  /// Requests that this replica has in flight at the rank of `slot`.
  func ownRequests(slot: Int) -> Int { own[slot].requests }

  /// Adds to what this replica has in flight, or takes away.
  func add(requests: Int = 0, tokens: Int, slot: Int) {
    own[slot].requests += requests
    own[slot].tokens += tokens
    board.set(own[slot], replica: replica, slot: slot)
  }
}
