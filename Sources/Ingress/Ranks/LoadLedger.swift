import Platform
import Routing
import Telemetry

/// What this replica has in flight, kept here and published on the load board.
///
/// The others' part is read anew when it is older than half a millisecond; this replica's own is always the present
/// one. Limits are kept exactly all the same: a place counts only once it was published and then found to be within.
@Loop
final class LoadLedger {
  private let board: LoadBoard
  private let replica: Int
  private var own: [BoardLoad]
  private var others: [BoardLoad]
  private var slots: [Int] = []
  private var readAt = Instant(nanoseconds: 0)
  /// What this replica says of its queue.
  private(set) var queue = BoardQueue()
  /// How old the others' part may be when a rank is chosen.
  private static let staleness = Duration.microseconds(500)

  init(_ board: LoadBoard, replica: Int) {
    self.board = board
    self.replica = replica
    own = [BoardLoad](repeating: BoardLoad(), count: board.slots)
    others = own
    board.clear(replica: replica)
  }

  /// Whether the board has a column `slot`.
  func holds(slot: Int) -> Bool { own.indices.contains(slot) }

  /// The columns to be read.
  func watch(_ slots: [Int]) {
    self.slots = slots
    readAt = Instant(nanoseconds: 0)
  }

  /// Reads what the others have in flight, unless that was done a moment ago.
  func refresh(atOnce: Bool = false) {
    let now = Instant.now
    guard atOnce || now - readAt > Self.staleness else { return }
    readAt = now
    for slot in slots { others[slot] = board.sum(slot: slot, excluding: replica) }
  }

  /// What all replicas have in flight at the rank of `slot`, as of the last reading.
  func load(slot: Int) -> RankLoad {
    RankLoad(
      requests: own[slot].requests + others[slot].requests, tokens: own[slot].tokens + others[slot].tokens)
  }

  /// Requests that this replica has in flight at the rank of `slot`.
  func ownRequests(slot: Int) -> Int { own[slot].requests }

  /// Takes a place at the rank of `slot`; false when the replicas together would have more than `capacity` there, or
  /// more than `limit` in all.
  func claim(tokens: Int, slot: Int, capacity: Int, limit: Int?) -> Bool {
    add(requests: 1, tokens: tokens, slot: slot)
    board.publishThenLook()
    others[slot] = board.sum(slot: slot, excluding: replica)
    let isWithin = load(slot: slot).requests <= capacity && limit.map { inFlight <= $0 } ?? true
    if !isWithin { add(requests: -1, tokens: -tokens, slot: slot) }
    return isWithin
  }

  /// Adds to what this replica has in flight, or takes away.
  func add(requests: Int = 0, tokens: Int, slot: Int) {
    own[slot].requests += requests
    own[slot].tokens += tokens
    board.set(own[slot], replica: replica, slot: slot)
    guard requests != 0 else { return }
    queue.inFlight += requests
    board.set(queue, replica: replica)
    if requests < 0 { board.publishThenLook() }
  }

  /// Requests that all replicas have in flight.
  var inFlight: Int { queue.inFlight + board.queues(excluding: replica).inFlight }

  /// Requests that wait at all replicas.
  var waiting: Int { queue.waiting + board.queues(excluding: replica).waiting }

  /// Says how many requests wait here, and which is the first.
  func publish(waiting: Int, front: UInt64) {
    queue.waiting = waiting
    queue.front = front
    board.set(queue, replica: replica)
    board.publishThenLook()
  }
}
