/// Which ranks have lately got prompts that begin alike, and so have the beginning in their prefix caches.
///
/// What was longest not asked for is forgotten first.
struct PrefixDirectory: Sendable {
  private struct Holding: Sendable {
    var ranks: Set<RankKey> = []
    var use: Int = 0
  }

  private var holdings: [UInt64: Holding] = [:]
  private var uses = 0
  private let capacity: Int

  /// A directory of so many blocks.
  init(capacity: Int = 1 << 16) { self.capacity = capacity }

  /// How many leading blocks of `prefix` each rank has; ranks that have none are left out.
  func matches(_ prefix: [UInt64]) -> [RankKey: Int] {
    var lengths: [RankKey: Int] = [:]
    for (index, block) in prefix.enumerated() {
      guard let ranks = holdings[block]?.ranks else { break }
      for rank in ranks where index == 0 || lengths[rank] == index { lengths[rank] = index + 1 }
    }
    return lengths
  }

  /// Notes that `rank` gets a prompt that begins with `prefix`.
  mutating func add(_ prefix: [UInt64], at rank: RankKey) {
    uses += 1
    for block in prefix {
      holdings[block, default: Holding()].ranks.insert(rank)
      holdings[block]?.use = uses
    }
    if holdings.count > capacity { forgetOldest() }
  }

  /// Forgets ranks that are not in `ranks` any more, or begin a new life.
  mutating func forget(_ ranks: Set<RankKey>) {
    guard !ranks.isEmpty else { return }
    for block in holdings.keys { holdings[block]?.ranks.subtract(ranks) }
    holdings = holdings.filter { !$0.value.ranks.isEmpty }
  }

  /// Forgets a quarter, so that the work is seldom done.
  private mutating func forgetOldest() {
    let order = holdings.values.map(\.use).sorted()
    let limit = order[order.count / 4]
    holdings = holdings.filter { $0.value.use > limit }
  }
}
