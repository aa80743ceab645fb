import Randomness

/// Sends equal keys to equal ranks, and moves few of them when ranks come and go: consistent hashing (Karger and others
/// 1997) with as many points for each rank as vllm-router has.
struct HashRing: Sendable {
  private struct Point: Sendable {
    let hash: UInt64
    let rank: RankKey
  }

  private var points: [Point] = []
  private static let pointsPerRank = 160

  /// A ring of `ranks`; the same in every process.
  init(_ ranks: [RankKey]) {
    for rank in ranks {
      for point in 0..<Self.pointsPerRank {
        let seed = UInt64(rank.group) << 40 | UInt64(rank.rank) << 16 | UInt64(point)
        points.append(Point(hash: SplitMix.mixed(seed &+ 0x9E37_79B9_7F4A_7C15), rank: rank))
      }
    }
    points.sort { ($0.hash, $0.rank) < ($1.hash, $1.rank) }
  }

  /// The first rank from the place of `key` on that `accepts`; nil when none does.
  func rank(for key: UInt64, where accepts: (RankKey) -> Bool) -> RankKey? {
    let start = place(of: key)
    for offset in points.indices {
      let rank = points[(start + offset) % points.count].rank
      if accepts(rank) { return rank }
    }
    return nil
  }

  private func place(of key: UInt64) -> Int {
    var low = 0
    var high = points.count
    while low < high {
      let middle = (low + high) / 2
      if points[middle].hash < key { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
