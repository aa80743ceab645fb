import Platform

/// A request's place at a rank, and its share of the load there until ``end()``.
@Loop
final class Assignment {
  let rank: LiveRank
  /// The adapter that the request asks for.
  let adapter: String?
  private let ledger: LoadLedger
  private var tokens: Int
  private var isOver = false

  /// - Parameter tokens: those that `ledger` claimed the place for.
  init(_ rank: LiveRank, tokens: Int, adapter: String?, claimedFrom ledger: LoadLedger) {
    self.rank = rank
    self.adapter = adapter
    self.tokens = tokens
    self.ledger = ledger
  }

  /// Tokens that came on top.
  func add(tokens added: Int) {
    guard !isOver, added != 0 else { return }
    tokens += added
    ledger.add(tokens: added, slot: rank.slot)
  }

  /// Frees the place.
  func end() {
    guard !isOver else { return }
    isOver = true
    ledger.add(requests: -1, tokens: -tokens, slot: rank.slot)
  }
}
