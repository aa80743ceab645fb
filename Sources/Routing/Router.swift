/// Chooses ranks for requests; a value without clock and I/O, so that a simulator can drive it too.
public struct Router: Sendable {
  /// The policy in force.
  public var policy: RoutingPolicy
  /// The ranks to choose from.
  public private(set) var ranks: [RoutableRank] = []

  private var penalties: [RankKey: Penalty] = [:]
  private var random: SplitMix
  private var cursor: Int

  /// A router without ranks; replicas with different seeds do not act in step.
  public init(policy: RoutingPolicy, seed: UInt64) {
    self.policy = policy
    random = SplitMix(state: seed)
    cursor = Int(truncatingIfNeeded: random.next() >> 33)
  }

  /// Replaces the ranks; a rank in a new epoch starts without a past.
  public mutating func setRanks(_ ranks: [RoutableRank]) {
    self.ranks = ranks
    let epochs = Dictionary(ranks.map { ($0.key, $0.epoch) }) { $1 }
    penalties = penalties.filter { epochs[$0.key] == $0.value.epoch }
  }

  /// Chooses a rank for one attempt of a request.
  ///
  /// A rank that failed a moment ago is passed over while another one could serve, full or not: it looks idle because
  /// it serves nothing.
  /// - Parameters:
  ///   - tried: indices of ranks that failed this request already.
  ///   - pinned: the rank number that the caller insists on.
  ///   - now: seconds of a clock that does not go back.
  ///   - load: the present load of the rank at an index.
  public mutating func choose(
    excluding tried: Set<Int> = [], pinned: Int? = nil, now: Double, load: (Int) -> RankLoad
  ) -> RoutingDecision {
    if let pinned, !ranks.isEmpty, !ranks.contains(where: { $0.key.rank == pinned }) { return .unknownRank }
    let able = ranks.indices.filter {
      ranks[$0].isRunning && !tried.contains($0) && (pinned ?? ranks[$0].key.rank) == ranks[$0].key.rank
    }
    guard !able.isEmpty else { return .unavailable }
    let healthy = able.filter { !isPenalised($0, at: now) }
    let free = (healthy.isEmpty ? able : healthy).filter { load($0).requests < ranks[$0].capacity }
    guard !free.isEmpty else { return .saturated }
    if healthy.isEmpty { return .rank(leastPenalised(of: free)) }
    switch policy {
    case .powerOfTwo: return .rank(lighterOfTwo(free, load))
    case .roundRobin: return .rank(next(of: free))
    }
  }

  /// Notes that the rank at `index` failed an attempt by no fault of the request.
  ///
  /// That is: it refused the connection, broke it
  /// off, or answered 5xx. A 4xx must never be reported here.
  public mutating func reportFailure(of index: Int, at now: Double) {
    let rank = ranks[index]
    var penalty = penalties[rank.key] ?? Penalty(epoch: rank.epoch)
    penalty.extend(from: now)
    penalties[rank.key] = penalty
  }

  /// Notes that the rank at `index` answered, which ends its penalty.
  public mutating func reportSuccess(of index: Int) { penalties[ranks[index].key] = nil }

  /// Whether the rank at `index` is passed over because of recent failures.
  public func isPenalised(_ index: Int, at now: Double) -> Bool {
    guard let penalty = penalties[ranks[index].key] else { return false }
    return penalty.end > now
  }

  private func leastPenalised(of candidates: [Int]) -> Int {
    candidates.min { (penalties[ranks[$0].key]?.end ?? 0) < (penalties[ranks[$1].key]?.end ?? 0) }
      ?? candidates[0]
  }

  private mutating func lighterOfTwo(_ candidates: [Int], _ load: (Int) -> RankLoad) -> Int {
    let first = Int(random.next(upperBound: UInt64(candidates.count)))
    guard candidates.count > 1 else { return candidates[0] }
    var second = Int(random.next(upperBound: UInt64(candidates.count - 1)))
    if second >= first { second += 1 }
    let (one, other) = (candidates[first], candidates[second])
    return share(other, load) < share(one, load) ? other : one
  }

  /// The load for each request that the rank could run.
  private func share(_ index: Int, _ load: (Int) -> RankLoad) -> Double {
    Double(load(index).weight) / Double(max(1, ranks[index].capacity))
  }

  private mutating func next(of candidates: [Int]) -> Int {
    cursor %= max(1, ranks.count)
    let chosen = candidates.first { $0 >= cursor } ?? candidates[0]
    cursor = chosen + 1
    return chosen
  }
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

/// A small generator (Steele, Lea and Flood 2014) whose sequence the seed fixes.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
