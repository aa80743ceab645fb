import HTTP
import OpenAI
import Platform
import Routing

/// The ranks of the newest table and the choice among them.
@Loop
final class RankPool {
  /// What a request wants of its rank.
  struct Wish {
    /// What matters for the choice.
    var routing: RoutingRequest
    /// Tokens of the prompt, about.
    var tokens: Int
    /// A lower number is served first.
    var priority = 0
    /// Whose turn it is, between callers.
    var caller = ""
    /// Lives of ranks that failed the request already.
    var failed: [LiveRank] = []

    /// Whether other requests may find a place when this one finds none.
    var isRestricted: Bool { routing.pinned != nil || !failed.isEmpty }
  }

  enum Offer {
    case place(Assignment)
    /// Ranks could serve the request, but are full.
    case saturated
    /// No rank serves at the moment.
    case unavailable
    /// There is no rank of the number that the client insists on.
    case unknownRank(ranks: Int)
  }

  /// The version of the table in force; -1 before the first.
  private(set) var version = -1
  private(set) var ranks: [LiveRank] = []
  let ledger: LoadLedger
  private let limit: Int?
  private var router: Router

  /// - Parameter limit: requests that all replicas together may have in flight; nil sets none beside the ranks' own.
  init(policy: RoutingPolicy, seed: UInt64, ledger: LoadLedger, limit: Int? = nil) {
    self.ledger = ledger
    self.limit = limit
    router = Router(policy: policy, seed: seed)
  }

  /// Ranks that take requests.
  var runningCount: Int { router.ranks.count { $0.isRunning } }

  /// The ranks that take requests.
  var runningRanks: [LiveRank] { ranks.indices.filter { router.ranks[$0].isRunning }.map { ranks[$0] } }

  /// Takes a table over; connections to lives that are not in it are dropped once they are idle.
  ///
  /// - Throws: 409 for a table older than the one in force, 400 for a slot that the board has not.
  func replace(with table: RankTable) throws(APIError) {
    guard table.version >= version else {
      throw APIError(
        status: 409, type: "ConflictError", message: "table \(version) is in force, \(table.version) is older"
      )
    }
    if let entry = table.entries.first(where: { !ledger.holds(slot: $0.slot) }) {
      throw .badRequest("the load board has no slot \(entry.slot)", parameter: "slot")
    }
    let kept = table.entries.map { entry in ranks.first { $0.isSame(as: entry) } ?? LiveRank(entry) }
    for rank in ranks where !kept.contains(where: { $0 === rank }) { rank.client.closeIdle() }
    ranks = kept
    ledger.watch(kept.map(\.slot))
    version = table.version
    router.setRanks(
      table.entries.map {
        RoutableRank(key: $0.key, epoch: $0.epoch, capacity: $0.capacity, isRunning: $0.isRunning)
      })
  }

  /// Gives a request a place, if there is one.
  ///
  /// When every rank that runs has failed the request, they are all tried again.
  func offer(_ wish: Wish) -> Offer {
    ledger.refresh()
    let failed = ranks.indices.filter { index in wish.failed.contains { $0 === ranks[index] } }
    let offer = offer(wish, excluding: Set(failed))
    if case .unavailable = offer, !failed.isEmpty { return self.offer(wish, excluding: []) }
    return offer
  }

  /// Whether a rank runs that has not failed the request yet.
  func hasOther(for wish: Wish) -> Bool {
    ranks.indices.contains { index in
      let rank = ranks[index]
      return router.ranks[index].isRunning && (wish.routing.pinned ?? rank.key.rank) == rank.key.rank
        && !wish.failed.contains { $0 === rank }
    }
  }

  /// Whether some rank has a free place, by a fresh look at the board.
  var hasRoom: Bool {
    ledger.refresh(atOnce: true)
    guard limit.map({ ledger.inFlight < $0 }) ?? true else { return false }
    return ranks.indices.contains {
      router.ranks[$0].isRunning && ledger.load(slot: ranks[$0].slot).requests < router.ranks[$0].capacity
    }
  }

  /// A place that another replica takes at the same moment is left to it, and the next best is tried.
  private func offer(_ wish: Wish, excluding failed: Set<Int>) -> Offer {
    var excluded = failed
    while true {
      switch choose(wish, excluding: excluded) {
      case .rank(let index):
        let slot = ranks[index].slot
        let capacity = router.ranks[index].capacity
        if ledger.claim(tokens: wish.tokens, slot: slot, capacity: capacity, limit: limit) {
          router.notePlacement(of: wish.routing, at: index)
          return .place(
            Assignment(
              ranks[index], tokens: wish.tokens, adapter: wish.routing.adapter, claimedFrom: ledger))
        }
        excluded.insert(index)
      case .saturated: return .saturated
      case .unavailable: return excluded == failed ? .unavailable : .saturated
      case .unknownRank: return .unknownRank(ranks: (ranks.map(\.key.rank).max() ?? -1) + 1)
      }
    }
  }

  /// Notes that `rank` failed an attempt by no fault of the request.
  func reportFailure(of rank: LiveRank) {
    if let index = ranks.firstIndex(where: { $0 === rank }) { router.reportFailure(of: index, at: Self.now) }
  }

  /// Notes that `rank` answered; with `adapter`, where one was asked for.
  func reportSuccess(of rank: LiveRank, adapter: String?) {
    guard let index = ranks.firstIndex(where: { $0 === rank }) else { return }
    router.reportSuccess(of: index, adapter: adapter)
  }

  private func choose(_ wish: Wish, excluding: Set<Int>) -> RoutingDecision {
    router.choose(wish.routing, excluding: excluding, now: Self.now) {
      ledger.load(slot: ranks[$0].slot)
    }
  }

  private static var now: Double { Double(Instant.now.nanoseconds) * 1e-9 }
}
