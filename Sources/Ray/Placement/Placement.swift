/// What the manifest asks of the placement: ranks in whole blocks, each on one node.
public struct Placement: Sendable, Equatable {
  /// Ranks of a group on one node (`dp_size_per_node`).
  public let ranksPerNode: Int
  /// Ranks of a group.
  public let ranksPerGroup: Int
  /// Ranks that one Serve replica runs: 1, or those of a whole block.
  public let ranksPerReplica: Int

  /// States what is asked for.
  public init(ranksPerNode: Int, ranksPerGroup: Int, ranksPerReplica: Int) {
    self.ranksPerNode = ranksPerNode
    self.ranksPerGroup = ranksPerGroup
    self.ranksPerReplica = ranksPerReplica
  }

  /// Whether a Serve replica is a block of its own, and no member of a gang.
  public var isBlockwise: Bool { ranksPerReplica > 1 || ranksPerGroup == 1 }

  /// Says what is wrong with where the ranks of `gangs` stand; nil when nothing is, as far as that is known.
  ///
  /// Each block of consecutive ranks is to be whole on a node that no other block of its group is on, as engines compute
  /// a peer's node from its rank.
  public func violation(_ gangs: [Gang], names: [String: String] = [:]) -> String? {
    for gang in gangs {
      guard let nodes = nodes(of: gang), !isKept(nodes) else { continue }
      let found = ranks(on: nodes).map { node, ranks in
        "\(Self.text(ranks)) on \(names[node] ?? String(node.prefix(8)))"
      }
      return
        "dp_size_per_node is \(ranksPerNode), but Ray put a group's ranks as \(found.joined(separator: ", ")); give each node room for exactly \(ranksPerNode), or free what is partly used"
    }
    return nil
  }

  /// Whether it is known where all of a deployment's replicas stand.
  public func isComplete(_ gangs: [Gang], replicas: Int) -> Bool {
    gangs.reduce(0) { $0 + $1.replicas.count } == replicas && gangs.allSatisfy { nodes(of: $0) != nil }
  }

  /// The first rank of the replica that begins with a bundle of a gang; nil when that is not known.
  public func rank(of bundle: Int, in gang: Gang) -> Int? {
    bundlesPerBlock(gang.nodes.count).map { bundle * ranksPerNode / $0 }
  }

  /// The nodes of all bundles; nil unless they are known, and as many as whole blocks have.
  private func nodes(of gang: Gang) -> [String]? {
    let nodes = gang.nodes.compactMap(\.self)
    return nodes.count == gang.nodes.count && bundlesPerBlock(nodes.count) != nil ? nodes : nil
  }

  /// A replica that runs a block has one bundle; else each rank has as many as its engine wants.
  private func bundlesPerBlock(_ bundles: Int) -> Int? {
    if ranksPerReplica > 1 { return bundles > 0 ? 1 : nil }
    guard bundles > 0, bundles.isMultiple(of: ranksPerGroup) else { return nil }
    return bundles / ranksPerGroup * ranksPerNode
  }

  private func isKept(_ nodes: [String]) -> Bool {
    guard let size = bundlesPerBlock(nodes.count) else { return false }
    let blocks = stride(from: 0, to: nodes.count, by: size).map {
      Set(nodes[$0..<min($0 + size, nodes.count)])
    }
    return blocks.allSatisfy { $0.count == 1 } && Set(blocks.flatMap(\.self)).count == blocks.count
  }

  private func ranks(on nodes: [String]) -> [(node: String, ranks: [Int])] {
    let size = bundlesPerBlock(nodes.count) ?? 1
    let all = nodes.enumerated().map { (node: $0.element, rank: $0.offset * ranksPerNode / size) }
    return Dictionary(grouping: all, by: \.node).map { ($0.key, Set($0.value.map(\.rank)).sorted()) }
      .sorted { ($0.ranks[0], $0.node) < ($1.ranks[0], $1.node) }
  }

  /// `0-2+5`.
  private static func text(_ ranks: [Int]) -> String {
    var runs: [ClosedRange<Int>] = []
    for rank in ranks {
      if let last = runs.last, last.upperBound + 1 == rank {
        runs[runs.count - 1] = last.lowerBound...rank
      } else {
        runs.append(rank...rank)
      }
    }
    return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: "+")
  }

  /// Checks that the cluster can hold all blocks, those of one group each on another node.
  ///
  /// - Parameter taken: what others hold of each node; nil asks whether an empty cluster could.
  /// - Throws: ``RayError/placementImpossible(_:)`` with what each node has.
  public func check(
    blocks: Int, of bundle: [String: Double], on nodes: [ClusterNode],
    taken: [String: [String: Double]]? = nil
  ) throws(RayError) {
    let groups = blocks * ranksPerNode / ranksPerGroup
    let alive = nodes.filter(\.isAlive)
    let room = alive.map { min(groups, Self.room(in: $0, for: bundle, taken: taken?[$0.id] ?? [:])) }
    guard room.reduce(0, +) < blocks else { return }
    let has = zip(alive, room).map { node, room in
      let free = taken == nil ? "" : " free"
      let amounts = bundle.keys.reduce(into: [String: Double]()) { amounts, name in
        amounts[name] = node.resources[name].map { max(0, $0 - (taken?[node.id]?[name] ?? 0)) }
      }
      return "\(node.address) (\(Self.text(amounts))\(free)) has room for \(room)"
    }
    let needs =
      blocks == 1
      ? "1 block of \(ranksPerNode) ranks needs" : "\(blocks) blocks of \(ranksPerNode) ranks need"
    let present = has.isEmpty ? "no node is there" : has.joined(separator: ", ")
    let apart = groups < blocks ? ", those of a group each on another one" : ""
    let cure =
      taken == nil
      ? "add nodes, or lower dp_size_per_node or num_replicas"
      : "the cluster would have it if others gave theirs back: end what you can spare, or add nodes"
    throw .placementImpossible(
      "\(needs) {\(Self.text(bundle))} each on one node\(apart): \(present); \(cure)")
  }

  private static func room(
    in node: ClusterNode, for bundle: [String: Double], taken: [String: Double] = [:]
  ) -> Int {
    let rooms = bundle.filter { $0.value > 0 }.map { name, amount in
      Int(max(0, (node.resources[name] ?? 0) - (taken[name] ?? 0)) / amount + 1e-9)
    }
    return rooms.min() ?? 0
  }

  /// Why replicas of a deployment wait for a place; nil when none does.
  public static func waiting(_ groups: [PlacementGroup], on nodes: [ClusterNode]) -> String? {
    // While replicas take each other's place, a first try fails and the next succeeds.
    let pending = groups.filter { $0.state == "PENDING" && $0.attempts > 1 }
    guard let first = pending.first, let bundle = first.bundles.first else { return nil }
    let need = text(bundle.resources)
    let able = nodes.filter { $0.isAlive && room(in: $0, for: bundle.resources) > 0 }
    let count = pending.count == 1 ? "a placement group waits" : "\(pending.count) placement groups wait"
    let why =
      able.isEmpty
      ? "no node has {\(need)}"
      : "{\(need)} is free on no node; \(Set(able.map(\.address)).sorted().joined(separator: ", ")) would have it if empty"
    return "\(count) (\(first.schedulingState), \(first.attempts) tries): \(why)"
  }

  /// `2 x {GPU: 8}`.
  public static func need(_ blocks: Int, of bundle: [String: Double]) -> String {
    "\(blocks) x {\(text(bundle))}"
  }

  static func text(_ resources: [String: Double]) -> String {
    resources.sorted { $0.key < $1.key }.map { name, amount in
      "\(name): " + (Int(exactly: amount).map(String.init) ?? "\(amount)")
    }.joined(separator: ", ")
  }
}
