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

  /// A bundle of a placement group and the node it stands on.
  public struct Spot: Sendable, Equatable {
    /// The placement group.
    public let group: String
    /// The bundle.
    public let bundle: Int
    /// The node.
    public let node: String

    /// States where a bundle is.
    public init(group: String, bundle: Int, node: String) {
      self.group = group
      self.bundle = bundle
      self.node = node
    }
  }

  /// Says what is wrong with where the replicas stand; nil when each node holds whole blocks.
  ///
  /// A gang is one placement group, so the ranks of one placement group are those of one group; where a replica runs a
  /// whole block, that replica is one bundle, which Ray never splits.
  public func violation(_ spots: [Spot], names: [String: String] = [:]) -> String? {
    let groups = Dictionary(grouping: spots, by: \.group)
    for (_, spots) in groups.sorted(by: { $0.key < $1.key }) {
      let counts = Dictionary(grouping: spots, by: \.node).mapValues { $0.count * ranksPerReplica }
      guard counts.values.contains(where: { !$0.isMultiple(of: ranksPerNode) }) else { continue }
      let found = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        .map { "\($0.value) on \(names[$0.key] ?? String($0.key.prefix(8)))" }.joined(separator: ", ")
      return
        "dp_size_per_node is \(ranksPerNode), but Ray put a group's ranks as \(found); give each node room for exactly \(ranksPerNode), or free what is partly used"
    }
    return nil
  }

  /// Checks that the cluster could hold all blocks if it were empty.
  ///
  /// - Throws: ``RayError/placementImpossible(_:)`` with what each node has.
  public func check(blocks: Int, of bundle: [String: Double], on nodes: [ClusterNode]) throws(RayError) {
    let alive = nodes.filter(\.isAlive)
    let room = alive.map { node in Self.room(in: node, for: bundle) }
    guard room.reduce(0, +) < blocks else { return }
    let has = zip(alive, room).map { node, room in
      "\(node.address) (\(Self.text(node.resources.filter { bundle[$0.key] != nil }))) has room for \(room)"
    }
    throw .placementImpossible(
      "\(blocks) block\(blocks == 1 ? "" : "s") of \(ranksPerNode) ranks need{\(Self.text(bundle))} each on one node: "
        .replacing("need{", with: blocks == 1 ? "needs {" : "need {")
        + has.joined(separator: ", ") + "; add nodes, or lower dp_size_per_node or num_replicas")
  }

  private static func room(in node: ClusterNode, for bundle: [String: Double]) -> Int {
    let rooms = bundle.filter { $0.value > 0 }.map { Int(((node.resources[$0.key] ?? 0) / $0.value + 1e-9)) }
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

  static func text(_ resources: [String: Double]) -> String {
    resources.sorted { $0.key < $1.key }.map { name, amount in
      "\(name): " + (Int(exactly: amount).map(String.init) ?? "\(amount)")
    }.joined(separator: ", ")
  }
}

extension Placement.Spot {
  /// Where the living replicas of a deployment stand.
  public static func list(_ actors: [ReplicaActor], of application: String, _ deployment: String)
    -> [Placement.Spot]
  {
    actors.compactMap { actor in
      guard actor.isAlive, actor.application == application, actor.deployment == deployment,
        let group = actor.placementGroup, let bundle = actor.bundle, let node = actor.node
      else { return nil }
      return Placement.Spot(group: group, bundle: bundle, node: node)
    }
  }

  /// Where the bundles of a placement group stand.
  public static func list(_ group: PlacementGroup) -> [Placement.Spot] {
    group.bundles.compactMap { bundle in
      bundle.node.map { Placement.Spot(group: group.id, bundle: bundle.index, node: $0) }
    }
  }
}
