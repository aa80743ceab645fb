import OpenAI
import Platform

/// Requests that wait for a place at a rank, in the order in which they arrived.
@Loop
final class AdmissionQueue {
  /// One request that waits.
  private final class Ticket {
    let wish: RankPool.Wish
    let arrival: Instant
    let settled = Signal()
    var place: Assignment?
    var refusal: APIError?

    init(_ wish: RankPool.Wish, arrival: Instant) {
      self.wish = wish
      self.arrival = arrival
    }
  }

  private let pool: RankPool
  private let limit: Int?
  private let patience: Duration
  /// Places that other replicas free are seen on the board only, by looking again.
  private let lookAgain: Duration
  private let depthChanged: @Loop (Int) -> Void
  private var waiting: [Ticket] = [] {
    didSet { if waiting.count != oldValue.count { depthChanged(waiting.count) } }
  }
  private var drain = DrainRate()
  private let timer = LoopTimer()

  /// - Parameters:
  ///   - limit: requests that may wait; nil sets none.
  ///   - patience: the longest one waits.
  ///   - replicas: ingress replicas that share the ranks: the more there are, the more rarely each looks.
  ///   - depthChanged: is told how many requests wait.
  init(
    _ pool: RankPool, limit: Int?, patience: Duration, replicas: Int,
    depthChanged: @escaping @Loop (Int) -> Void
  ) {
    self.pool = pool
    self.limit = limit
    self.patience = patience
    self.depthChanged = depthChanged
    lookAgain = .microseconds(max(2000, 500 * replicas))
  }

  /// Requests that wait.
  var depth: Int { waiting.count }

  /// Waits for a place.
  ///
  /// - Parameters:
  ///   - arrival: when the request came; who came earlier goes first, so a retry does not start over.
  ///   - isRetry: a request that was admitted before is not refused for a full queue.
  ///   - interruption: ends the wait when it happens.
  /// - Throws: 503 when the queue is full or the wait too long, 400 for a rank that does not exist.
  func admit(
    _ wish: RankPool.Wish, arrival: Instant, isRetry: Bool, _ interruption: Interruption,
    until deadline: Instant
  ) async throws(AdmissionRefusal) -> Assignment {
    if waiting.isEmpty || wish.pinned != nil, let place = try settle(wish) { return place }
    if let limit, !isRetry, waiting.count >= limit { throw .queueFull(retryAfterSeconds: retryAfter) }
    let ticket = Ticket(wish, arrival: arrival)
    waiting.insert(ticket, at: waiting.firstIndex { $0.arrival > arrival } ?? waiting.count)
    lookLater()
    interruption.onHappening = { ticket.settled.fire() }
    defer { interruption.onHappening = nil }
    _ = await ticket.settled.wait(until: min(deadline, arrival + patience))
    waiting.removeAll { $0 === ticket }
    if let place = ticket.place { return place }
    if let refusal = ticket.refusal { throw .refused(refusal) }
    throw interruption.reason == nil ? .waitedTooLong(retryAfterSeconds: retryAfter) : .interrupted
  }

  /// Gives out what places there are; to be called when a place was freed or the table has changed.
  func pump() {
    var isFull = false
    for ticket in waiting where ticket.place == nil && ticket.refusal == nil {
      if isFull, !ticket.wish.isRestricted { continue }
      do throws(AdmissionRefusal) {
        ticket.place = try settle(ticket.wish)
        if ticket.place == nil, !ticket.wish.isRestricted { isFull = true }
      } catch {
        if case .refused(let refusal) = error { ticket.refusal = refusal }
      }
      if ticket.place != nil || ticket.refusal != nil { ticket.settled.fire() }
    }
    if !waiting.isEmpty { lookLater() }
  }

  /// Notes that a request has ended, for the estimate in `Retry-After`.
  func noteEnd() { drain.note(at: .now) }

  /// Seconds until a request that comes now would probably get its turn, from 1 to 60.
  private var retryAfter: Int { drain.seconds(for: waiting.count, at: .now) }

  private func settle(_ wish: RankPool.Wish) throws(AdmissionRefusal) -> Assignment? {
    switch pool.offer(wish) {
    case .place(let assignment): return assignment
    case .saturated, .unavailable: return nil
    case .unknownRank(let ranks):
      throw .refused(
        .badValue(
          "There is no such rank; ranks go from 0 to \(ranks - 1).", parameter: "X-data-parallel-rank",
          value: wish.pinned.map(String.init) ?? ""))
    }
  }

  private func lookLater() {
    guard !timer.isSet else { return }
    timer.set(.after(lookAgain)) { [weak self] in self?.pump() }
  }
}

/// Why a request got no place.
enum AdmissionRefusal: Error {
  case queueFull(retryAfterSeconds: Int)
  case waitedTooLong(retryAfterSeconds: Int)
  case interrupted
  case refused(APIError)
}
