import Randomness

/// Chooses ranks for requests; a value without clock and I/O, so that a simulator can drive it too.
public struct Router: Sendable {
  /// The policy in force.
  public let policy: RoutingPolicy
  /// The ranks to choose from.
  public private(set) var ranks: [RoutableRank] = []

  private var penalties = Penalties()
  private var ring = HashRing([])
  private var prefixes = PrefixDirectory()
  private var adapters: [String: Set<RankKey>] = [:]
  private var random: SplitMix
  private var cursor: Int

  /// A router without ranks; replicas with different seeds do not act in step.
  public init(policy: RoutingPolicy, seed: UInt64) {
    self.policy = policy
    random = SplitMix(seed: seed)
    cursor = Int(truncatingIfNeeded: random.next() >> 33)
  }

  /// Replaces the ranks; a rank in a new epoch starts without a past.
  public mutating func setRanks(_ ranks: [RoutableRank]) {
    let old = self.ranks
    self.ranks = ranks
    let epochs = Dictionary(ranks.map { ($0.key, $0.epoch) }) { $1 }
    let gone = Set(old.filter { epochs[$0.key] != $0.epoch }.map(\.key))
    penalties.keep(epochs)
    prefixes.forget(gone)
    for name in adapters.keys { adapters[name]?.subtract(gone) }
    if policy == .session, old.map(\.key) != ranks.map(\.key) { ring = HashRing(ranks.map(\.key)) }
  }

  /// Chooses a rank for one attempt of a request.
  ///
  /// A rank that failed a moment ago is passed over while another one could serve, full or not: it looks idle because
  /// it serves nothing.
  /// - Parameters:
  ///   - tried: indices of ranks that failed this request already.
  ///   - now: seconds of a clock that does not go back.
  ///   - load: the present load of the rank at an index.
  public mutating func choose(
    _ request: RoutingRequest = RoutingRequest(), excluding tried: Set<Int> = [], now: Double,
    load: (Int) -> RankLoad
  ) -> RoutingDecision {
    let pinned = request.pinned
    if let pinned, !ranks.isEmpty, !ranks.contains(where: { $0.key.rank == pinned }) { return .unknownRank }
    let able = ranks.indices.filter {
      ranks[$0].isRunning && !tried.contains($0) && (pinned ?? ranks[$0].key.rank) == ranks[$0].key.rank
    }
    guard !able.isEmpty else { return .unavailable }
    let healthy = able.filter { !isPenalised($0, at: now) }
    let free = (healthy.isEmpty ? able : healthy).filter { load($0).requests < ranks[$0].capacity }
    guard !free.isEmpty else { return .saturated }
    if healthy.isEmpty { return .rank(leastPenalised(of: free)) }
    return .rank(best(of: holders(of: request.adapter, among: free, load), for: request, load))
  }

  /// Notes that the rank at `index` got `request`, whose beginning it will have in its cache.
  public mutating func notePlacement(of request: RoutingRequest, at index: Int) {
    if policy == .prefixAware { prefixes.add(request.prefix, at: ranks[index].key) }
  }

  /// Notes that the rank at `index` failed an attempt by no fault of the request.
  ///
  /// That is: it refused the connection, broke it off, or answered 5xx. A 4xx must never be reported here.
  public mutating func reportFailure(of index: Int, at now: Double) { penalties.add(ranks[index], at: now) }

  /// Notes that the rank at `index` answered, which ends its penalty; with `adapter`, so that it holds that.
  public mutating func reportSuccess(of index: Int, adapter: String? = nil) {
    penalties.forgive(ranks[index].key)
    if let adapter { adapters[adapter, default: []].insert(ranks[index].key) }
  }

  /// Whether the rank at `index` is passed over because of recent failures.
  public func isPenalised(_ index: Int, at now: Double) -> Bool { penalties.end(ranks[index].key) > now }

  private mutating func best(
    of candidates: [Int], for request: RoutingRequest, _ load: (Int) -> RankLoad
  ) -> Int {
    switch policy {
    case .powerOfTwo: lighterOfTwo(candidates, load)
    case .leastLoaded: lightest(of: candidates, load)
    case .roundRobin: next(of: candidates)
    case .random: candidates[Int(random.next(upperBound: UInt64(candidates.count)))]
    case .session: home(of: request.session, among: candidates) ?? lighterOfTwo(candidates, load)
    case .prefixAware: longestMatch(of: request.prefix, among: candidates, load)
    }
  }

  private func leastPenalised(of candidates: [Int]) -> Int {
    candidates.min { penalties.end(ranks[$0].key) < penalties.end(ranks[$1].key) } ?? candidates[0]
  }
}

extension Router {
  private mutating func lighterOfTwo(_ candidates: [Int], _ load: (Int) -> RankLoad) -> Int {
    let first = Int(random.next(upperBound: UInt64(candidates.count)))
    guard candidates.count > 1 else { return candidates[0] }
    var second = Int(random.next(upperBound: UInt64(candidates.count - 1)))
    if second >= first { second += 1 }
    let (one, other) = (candidates[first], candidates[second])
    return share(other, load) < share(one, load) ? other : one
  }

  private mutating func lightest(of candidates: [Int], _ load: (Int) -> RankLoad) -> Int {
    let least = candidates.map { share($0, load) }.min() ?? 0
    return next(of: candidates.filter { share($0, load) <= least })
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

  private func home(of session: UInt64?, among candidates: [Int]) -> Int? {
    guard let session else { return nil }
    let keys = Dictionary(candidates.map { (ranks[$0].key, $0) }) { first, _ in first }
    return ring.rank(for: session) { keys[$0] != nil }.flatMap { keys[$0] }
  }

  /// Of those that are not far above the mean the one with the longest match, and of equals the lighter of two.
  private mutating func longestMatch(
    of prefix: [UInt64], among candidates: [Int], _ load: (Int) -> RankLoad
  ) -> Int {
    let even = balanced(candidates, load)
    let matches = prefixes.matches(prefix)
    let longest = even.map { matches[ranks[$0].key] ?? 0 }.max() ?? 0
    return lighterOfTwo(even.filter { (matches[ranks[$0].key] ?? 0) == longest }, load)
  }

  /// Those of `candidates` that hold the adapter, unless all of them are far above the mean: then another one gets it,
  /// and holds it from then on.
  private func holders(of adapter: String?, among candidates: [Int], _ load: (Int) -> RankLoad) -> [Int] {
    guard let adapter, let holders = adapters[adapter] else { return candidates }
    let even = balanced(candidates, load).filter { holders.contains(ranks[$0].key) }
    return even.isEmpty ? candidates : even
  }

  /// Those of `candidates` that may get one more request without having much more than their mean (consistent hashing
  /// with bounded loads, Mirrokni, Thorup and Zadimoghaddam 2018); never none.
  private func balanced(_ candidates: [Int], _ load: (Int) -> RankLoad) -> [Int] {
    let requests = candidates.map { load($0).requests }
    let mean = Double(requests.reduce(0, +)) / Double(candidates.count)
    let limit = Self.mostRequests(mean: mean)
    let even = zip(candidates, requests).filter { $0.1 < limit }.map(\.0)
    return even.isEmpty ? candidates : even
  }

  /// The most requests that a rank gets for what it holds, when the candidates have `mean` each.
  static func mostRequests(mean: Double) -> Int { Int((mean * 1.25).rounded(.up)) + 4 }
}
