/// How the experts are given to the ranks at the start; the words are vLLM's.
public enum ExpertPlacementStrategy: String, CaseIterable, Sendable {
  /// Contiguous experts by rank.
  case linear
  /// Expert e to rank e modulo the world.
  case roundRobin = "round_robin"
}

/// Which rank owns which expert.
public struct ExpertPlacement: Sendable, Hashable {
  /// The owner of each expert.
  public let owners: [Int]
  /// The experts of each rank, ascending.
  public let expertsOfRank: [[Int]]

  /// A placement with the given owner for each expert; every owner is in `0..<world`.
  public init(owners: [Int], world: Int) {
    precondition(owners.allSatisfy { (0..<world).contains($0) })
    self.owners = owners
    expertsOfRank = (0..<world).map { rank in owners.indices.filter { owners[$0] == rank } }
  }

  /// Contiguous experts by rank, as vLLM places them: the first `experts % world` ranks own one more.
  public static func linear(experts: Int, world: Int) -> ExpertPlacement {
    let (base, extra) = experts.quotientAndRemainder(dividingBy: world)
    let counts = (0..<world).map { base + ($0 < extra ? 1 : 0) }
    return ExpertPlacement(
      owners: counts.indices.flatMap { Array(repeating: $0, count: counts[$0]) }, world: world)
  }

  /// Experts dealt out like cards, as vLLM does: neighbours, which routers with groups choose together, live apart.
  public static func roundRobin(experts: Int, world: Int) -> ExpertPlacement {
    ExpertPlacement(owners: (0..<experts).map { $0 % world }, world: world)
  }

  /// The placement that a strategy gives to the ranks that form a group.
  public static func initial(_ strategy: ExpertPlacementStrategy, _ shape: ExchangeShape) -> ExpertPlacement {
    let dealt =
      switch strategy {
      case .linear: linear(experts: shape.experts, world: shape.founders)
      case .roundRobin: roundRobin(experts: shape.experts, world: shape.founders)
      }
    return ExpertPlacement(owners: dealt.owners, world: shape.world)
  }

  /// The same with the experts of absent ranks given to the others, each to one with the fewest, the lowest first; then
  /// those that own none at home get their share from those that have most.
  ///
  /// A pure function of the members, so that all of them agree without a word.
  public func spread(over members: [Int]) -> ExpertPlacement {
    precondition(!members.isEmpty, "somebody must own the experts")
    var owners = owners
    var counts = Dictionary(uniqueKeysWithValues: members.map { ($0, expertsOfRank[$0].count) })
    for expert in owners.indices where counts[owners[expert]] == nil {
      let heir = members.min { (counts[$0] ?? 0, $0) < (counts[$1] ?? 0, $1) } ?? members[0]
      owners[expert] = heir
      counts[heir, default: 0] += 1
    }
    for newcomer in members where expertsOfRank[newcomer].isEmpty {
      while let donor = members.max(by: { (counts[$0] ?? 0, -$0) < (counts[$1] ?? 0, -$1) }),
        (counts[donor] ?? 0) > (counts[newcomer] ?? 0) + 1, let expert = owners.lastIndex(of: donor)
      {
        owners[expert] = newcomer
        counts[donor, default: 0] -= 1
        counts[newcomer, default: 0] += 1
      }
    }
    return ExpertPlacement(owners: owners, world: expertsOfRank.count)
  }

  func fits(_ shape: ExchangeShape) -> Bool {
    owners.count == shape.experts && expertsOfRank.count == shape.world
      && expertsOfRank.allSatisfy { $0.count <= shape.ownedCapacity }
  }

  /// The owner of `expert`.
  public func owner(of expert: Int) -> Int { owners[expert] }

  /// A number by which ranks notice that they were told different things (FNV-1a).
  func digest(with balancing: LoadBalancing?) -> UInt64 {
    let terms = balancing.map { [$0.windowSize, $0.stepInterval, $0.redundantExperts] } ?? []
    return (owners + terms).reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
