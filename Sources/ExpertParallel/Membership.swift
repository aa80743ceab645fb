/// The ranks that step together: one view of a group's life.
///
/// Views are numbered from 1 within an epoch. Each differs from the one before by ranks that died or came back; all
/// that ranks tell each other is marked with the view, so that nobody takes words of a former view for present ones
/// (the idea of view synchrony, Birman and Joseph 1987).
public struct Membership: Sendable, Hashable, CustomStringConvertible {
  /// The view's number.
  public let view: UInt64
  /// The ranks in it, ascending.
  public let ranks: [Int]

  /// Ranks of a view.
  public init(view: UInt64, ranks: [Int]) {
    self.view = view
    self.ranks = ranks
  }

  init(view: UInt64, mask: UInt64) {
    self.init(view: view, ranks: (0..<ExchangeShape.maxWorld).filter { mask & 1 << UInt64($0) != 0 })
  }

  var mask: UInt64 { ranks.reduce(0) { $0 | 1 << UInt64($1) } }

  /// Whether `rank` is in the view.
  public func contains(_ rank: Int) -> Bool { ranks.contains(rank) }

  /// Number and ranks in words.
  public var description: String { "view \(view) of ranks \(ranks.map(String.init).joined(separator: ", "))" }
}

/// The word in shared memory that says which view is in force: its number, and the rank that proposed it, in whose
/// line the members stand.
struct ViewWord: Equatable, Sendable {
  let raw: UInt64

  init(raw: UInt64) { self.raw = raw }

  init(view: UInt64, proposer: Int) { raw = view << 8 | UInt64(proposer) }

  var view: UInt64 { raw >> 8 }
  var proposer: Int { Int(raw & 0xFF) }
}
