import Platform
import Telemetry

/// What callers with limits have under way, over all replicas.
@Loop
final class CallerLedger {
  private let board: LoadBoard
  private let replica: Int
  private var own = [Int](repeating: 0, count: LoadBoard.callerSlots)

  init(_ board: LoadBoard, replica: Int) {
    self.board = board
    self.replica = replica
  }

  /// Lets a request of `caller` begin; false when it has as many under way as it may.
  func enter(_ caller: Caller) -> Bool {
    guard let slot = caller.slot, let limit = caller.maxOngoingRequests else { return true }
    add(1, slot)
    board.publishThenLook()
    if own[slot] + board.callers(slot: slot, excluding: replica) <= limit { return true }
    add(-1, slot)
    return false
  }

  /// Notes that a request of `caller` has ended.
  func leave(_ caller: Caller) { if let slot = caller.slot { add(-1, slot) } }

  private func add(_ change: Int, _ slot: Int) {
    own[slot] += change
    board.set(callers: own[slot], replica: replica, slot: slot)
  }
}
