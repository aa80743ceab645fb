/// Which ranks failed a moment ago, and how long they are passed over for it.
struct Penalties: Sendable {
  private var penalties: [RankKey: Penalty] = [:]

  /// Keeps only what is remembered of the lives in `epochs`.
  mutating func keep(_ epochs: [RankKey: Int]) {
    penalties = penalties.filter { epochs[$0.key] == $0.value.epoch }
  }

  mutating func add(_ rank: RoutableRank, at now: Double) {
    var penalty = penalties[rank.key] ?? Penalty(epoch: rank.epoch)
    penalty.extend(from: now)
    penalties[rank.key] = penalty
  }

  mutating func forgive(_ rank: RankKey) { penalties[rank] = nil }

  /// When the penalty of `rank` is over; in the past when it has none.
  func end(_ rank: RankKey) -> Double { penalties[rank]?.end ?? -.infinity }
}

/// How long a rank that failed is passed over: half a second, doubled by each failure in a row up to eight.
private struct Penalty: Sendable {
  let epoch: Int
  private(set) var end = 0.0
  private var length = 0.5

  init(epoch: Int) { self.epoch = epoch }

  /// Failures of requests that were sent together count once.
  mutating func extend(from now: Double) {
    guard now >= end else { return }
    end = now + length
    length = min(length * 2, 8)
  }
}
