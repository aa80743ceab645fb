/// Which node each rank of each group stands on.
///
/// Ranks are cut into contiguous blocks of `sizePerNode`; a block is never split, and two blocks of one group never
/// share a node. This is what `dp_size_per_node` meant for Ray's DPRankAssigner; current Ray ignores it.
public struct RankAssignment: Sendable, Equatable, Codable {
  /// The node of each rank: `nodes[group][rank]`.
  public let nodes: [[Int]]

  /// Places `groups` groups of `engine` on `cluster`.
  ///
  /// Each block takes the nodes with most room first, which finds a placement whenever there is one. Groups are placed
  /// in order, so more groups never move those that stand.
  /// - Throws: ``PlacementError`` with need and have.
  public init(groups: Int, engine: EngineSpec, cluster: ClusterSpec) throws(PlacementError) {
    guard engine.sizePerNode > 0, engine.size.isMultiple(of: engine.sizePerNode) else {
      throw .indivisible(size: engine.size, sizePerNode: engine.sizePerNode)
    }
    let blocks = engine.size / engine.sizePerNode
    var room = Array(repeating: cluster.devicesPerNode / engine.sizePerNode, count: cluster.nodes)
    var nodes: [[Int]] = []
    for group in 0..<groups {
      let roomiest = room.indices.filter { room[$0] > 0 }.sorted { (room[$1], $0) < (room[$0], $1) }
      guard roomiest.count >= blocks else {
        throw .noRoom(
          group: group, blocks: blocks, sizePerNode: engine.sizePerNode, free: roomiest.count,
          cluster: cluster)
      }
      let chosen = roomiest.prefix(blocks).sorted()
      for node in chosen { room[node] -= 1 }
      nodes.append(chosen.flatMap { Array(repeating: $0, count: engine.sizePerNode) })
    }
    self.nodes = nodes
  }

  /// Every rank's place on one machine of which the nodes are parts, one after the other.
  public func places(devicesPerNode: Int) -> [Int] {
    var taken: [Int: Int] = [:]
    return nodes.joined().map { node in
      defer { taken[node, default: 0] += 1 }
      return node * devicesPerNode + taken[node, default: 0]
    }
  }
}

/// Why ranks cannot be placed.
public enum PlacementError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The group does not divide into blocks.
  case indivisible(size: Int, sizePerNode: Int)
  /// A group's blocks find too few nodes with room.
  case noRoom(group: Int, blocks: Int, sizePerNode: Int, free: Int, cluster: ClusterSpec)

  /// Need, have and what to change.
  public var description: String {
    switch self {
    case .indivisible(let size, let sizePerNode):
      "data_parallel_size \(size) does not divide into blocks of dp_size_per_node \(sizePerNode)"
    case .noRoom(let group, let blocks, let sizePerNode, let free, let cluster):
      """
      group \(group) needs \(blocks) node\(blocks == 1 ? "" : "s") with \(sizePerNode) free devices each, has \(free) \
      (cluster: \(cluster.nodes) × \(cluster.devicesPerNode) devices); \
      raise cluster.nodes or cluster.devices, or lower data_parallel_size or num_replicas
      """
    }
  }
}
