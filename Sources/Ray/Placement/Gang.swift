/// The placement group of a gang and the replicas that live in it: the ranks of one group, or a block of them.
public struct Gang: Sendable, Equatable {
  /// Ray's id of the placement group.
  public let id: String
  /// The node of each bundle; nil where none is known.
  public let nodes: [String?]
  /// The bundle that each living replica begins with.
  public let replicas: [String: Int]

  /// States where a gang is.
  public init(id: String, nodes: [String?], replicas: [String: Int]) {
    self.id = id
    self.nodes = nodes
    self.replicas = replicas
  }

  /// The gangs of a deployment's living replicas, in the order of their ids.
  public static func list(
    _ actors: [ReplicaActor], in groups: [PlacementGroup], of application: String, _ deployment: String
  ) -> [Gang] {
    let own = actors.filter { $0.isAlive && $0.application == application && $0.deployment == deployment }
    return Dictionary(grouping: own) { $0.placementGroup ?? "" }.sorted { $0.key < $1.key }.map {
      id, actors in
      let bundles = groups.first { $0.id == id }?.bundles.sorted { $0.index < $1.index } ?? []
      return Gang(
        id: id, nodes: bundles.map(\.node),
        replicas: Dictionary(
          actors.compactMap { actor in actor.bundle.map { (actor.replica, $0) } }, uniquingKeysWith: { $1 }))
    }
  }
}
