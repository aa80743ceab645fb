import OpenAI
import Platform
import Routing
import Telemetry

/// Requests that wait for a place at a rank: by priority, in turn between callers, and as they came.
///
/// All replicas' queues act as one. Each tells on the load board how many wait there and which is first. A place that
/// comes free goes to the first of all; who frees one rings there. The limit counts what waits anywhere, and outlives
/// every replica.
@Loop
final class AdmissionQueue {
  /// One request that waits.
  @Loop private final class Ticket {
    let wish: RankPool.Wish
    let arrival: Instant
    let isRetry: Bool
    let settled = Signal()
    /// By which the line knows it; nil when it does not stand there.
    var lineID: Int?
    var place: Assignment?
    var refusal: APIError?

    init(_ wish: RankPool.Wish, arrival: Instant, isRetry: Bool) {
      self.wish = wish
      self.arrival = arrival
      self.isRetry = isRetry
    }

    var isSettled: Bool { place != nil || refusal != nil }
    var front: UInt64 { BoardQueue.front(priority: wish.priority, arrival: arrival.nanoseconds) }
  }

  private let pool: RankPool
  private let peers: Peers
  private let limit: Int?
  private let patience: Duration
  private let outagePatience: Duration
  private let depthChanged: @Loop (Int) -> Void
  /// Those that any rank may serve.
  private var line = FairQueue<Ticket>()
  /// Those that want certain ranks, by their fronts; others may find a place when these find none.
  private var restricted: [Ticket] = []
  private var drain = DrainRate()
  private let timer = LoopTimer()
  private var yieldedSince: Instant?
  /// Since when no rank serves; nil while one does.
  private var outage: Instant? = .now

  /// In case a ring was lost, or who was rung does not answer.
  private static let lookAgain = Duration.milliseconds(10)

  /// - Parameters:
  ///   - limit: requests that may wait at all replicas together; nil sets none.
  ///   - patience: the longest one waits.
  ///   - outagePatience: how long after the loss of the last rank requests wait for another one.
  ///   - depthChanged: is told how many requests wait here.
  init(
    _ pool: RankPool, _ peers: Peers, limit: Int?, patience: Duration, outagePatience: Duration,
    depthChanged: @escaping @Loop (Int) -> Void
  ) {
    self.pool = pool
    self.peers = peers
    self.limit = limit
    self.patience = patience
    self.outagePatience = outagePatience
    self.depthChanged = depthChanged
  }

  /// Requests that wait here.
  var depth: Int { line.count + restricted.count }

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
    if depth == 0 || wish.isRestricted, peers.elder(than: .max) == nil || wish.isRestricted,
      let place = try settle(wish)
    {
      return place
    }
    let ticket = Ticket(wish, arrival: arrival, isRetry: isRetry)
    enqueue(ticket)
    defer { withdraw(ticket) }
    if let limit, !isRetry, pool.ledger.waiting > limit {
      throw .queueFull(retryAfterSeconds: retryAfter)
    }
    pump()
    interruption.onHappening = { ticket.settled.fire() }
    defer { interruption.onHappening = nil }
    _ = await ticket.settled.wait(until: min(deadline, arrival + patience))
    if let place = ticket.place { return place }
    if let refusal = ticket.refusal { throw .refused(refusal) }
    throw interruption.reason == nil ? .waitedTooLong(retryAfterSeconds: retryAfter) : .interrupted
  }

  /// Gives out what places there are; to be called when a place was freed, the table has changed or a peer rang.
  func pump() {
    let front = line.first?.element.front ?? .max
    serveRestricted { $0.front < front }
    serveLine()
    serveRestricted { _ in true }
    publish()
    refuseInOutage()
    if depth > 0 { lookLater() }
  }

  /// Refuses who waits for a rank when there was none for too long; one that has begun already waits its time.
  private func refuseInOutage() {
    outage = pool.runningCount > 0 ? nil : outage ?? .now
    guard let outage, Instant.now - outage >= outagePatience else { return }
    for ticket in line.elements + restricted where !ticket.isSettled && !ticket.isRetry {
      ticket.refusal = .unavailable("No rank serves.")
      // At once: a rank that comes back before its request wakes up must not give it a place.
      withdraw(ticket)
      ticket.settled.fire()
    }
  }

  /// Notes that a request has ended, for the estimate in `Retry-After`.
  func noteEnd() { drain.note(at: .now) }

  /// Seconds until a request that comes now would probably get its turn, from 1 to 60.
  private var retryAfter: Int {
    let sharers = 1 + peers.others.count { peers.board.presence(replica: $0)?.isAccepting == true }
    return drain.seconds(for: max(depth, pool.ledger.waiting / sharers), at: .now)
  }

  private func enqueue(_ ticket: Ticket) {
    if ticket.wish.isRestricted {
      let place = restricted.firstIndex { $0.front > ticket.front } ?? restricted.endIndex
      restricted.insert(ticket, at: place)
    } else {
      ticket.lineID = line.add(
        ticket, priority: ticket.wish.priority, caller: ticket.wish.caller,
        arrival: ticket.arrival.nanoseconds)
    }
    publish()
  }

  /// Takes `ticket` out from wherever it waits.
  private func withdraw(_ ticket: Ticket) {
    if let id = ticket.lineID {
      line.remove(id, priority: ticket.wish.priority, caller: ticket.wish.caller)
      ticket.lineID = nil
    } else {
      restricted.removeAll { $0 === ticket }
    }
    publish()
  }

  private func publish() {
    pool.ledger.publish(waiting: depth, front: line.first?.element.front ?? 0)
    depthChanged(depth)
  }

  private func serveRestricted(_ isTurn: (Ticket) -> Bool) {
    for ticket in restricted where isTurn(ticket) && !ticket.isSettled { _ = serve(ticket) }
    restricted.removeAll(where: \.isSettled)
  }

  /// Serves the line while places are free and no other replica's first came before this one's.
  private func serveLine() {
    while pool.hasRoom {
      let ticket = line.first?.element
      if let elder = peers.elder(than: ticket?.front ?? .max) {
        guard ticket != nil, hasYieldedEnough else { return peers.ring(elder) }
      }
      yieldedSince = nil
      guard let ticket, serve(ticket) else { return }
      _ = line.popFirst()
      ticket.lineID = nil
      publish()
    }
  }

  /// Whether the elder had its time, and does not use the place.
  private var hasYieldedEnough: Bool {
    let now = Instant.now
    let since = yieldedSince ?? now
    yieldedSince = since
    return now - since >= Self.lookAgain
  }

  /// Whether `ticket` need not wait any more.
  private func serve(_ ticket: Ticket) -> Bool {
    do throws(AdmissionRefusal) { ticket.place = try settle(ticket.wish) } catch {
      if case .refused(let refusal) = error { ticket.refusal = refusal }
    }
    if ticket.isSettled { ticket.settled.fire() }
    return ticket.isSettled
  }

  private func settle(_ wish: RankPool.Wish) throws(AdmissionRefusal) -> Assignment? {
    switch pool.offer(wish) {
    case .place(let assignment): return assignment
    case .saturated, .unavailable: return nil
    case .unknownRank(let ranks):
      throw .refused(
        .badValue(
          "There is no such rank; ranks go from 0 to \(ranks - 1).", parameter: "X-data-parallel-rank",
          value: wish.routing.pinned.map(String.init) ?? ""))
    }
  }

  private func lookLater() {
    guard !timer.isSet else { return }
    timer.set(.after(Self.lookAgain)) { [weak self] in self?.pump() }
  }
}

/// Why a request got no place.
enum AdmissionRefusal: Error {
  case queueFull(retryAfterSeconds: Int)
  case waitedTooLong(retryAfterSeconds: Int)
  case interrupted
  case refused(APIError)
}
