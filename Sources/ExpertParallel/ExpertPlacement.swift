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

  func fits(_ shape: ExchangeShape) -> Bool {
    owners.count == shape.experts && expertsOfRank.count == shape.world
      && expertsOfRank.allSatisfy { $0.count <= shape.ownedCapacity }
  }

  /// The owner of `expert`.
  public func owner(of expert: Int) -> Int { owners[expert] }
}
