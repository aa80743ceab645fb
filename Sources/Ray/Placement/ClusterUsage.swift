public import JSON

/// What is taken of the nodes, by `GET /api/cluster_status`; Ray looks anew every few seconds.
public struct ClusterUsage: Sendable, Equatable {
  /// When Ray looked, in seconds since 1970 by the cluster's clock.
  public let time: Double
  /// What is taken of each node, by Ray's names of resources.
  public let taken: [String: [String: Double]]

  /// Reads an answer; nil for one that does not tell.
  public init?(_ answer: JSONValue) {
    let status = answer["data"]?["clusterStatus"]
    guard let time = status?["time"]?.double,
      let nodes = status?["loadMetricsReport"]?["usageByNode"]?.members
    else { return nil }
    self.time = time
    taken = Dictionary(
      nodes.map { node in (node.name, Self.taken(node.value)) }, uniquingKeysWith: { $1 })
  }

  /// What is taken, without what placement groups hold that are to make room.
  public func without(_ groups: [PlacementGroup]) -> [String: [String: Double]] {
    groups.filter { $0.state == "CREATED" }.flatMap(\.bundles).reduce(into: taken) { taken, bundle in
      guard let node = bundle.node else { return }
      for (name, amount) in bundle.resources { taken[node]?[name]? -= amount }
    }
  }

  /// Each resource is told as what is taken of it and how much there is.
  private static func taken(_ node: JSONValue) -> [String: Double] {
    Dictionary(
      (node.members ?? []).compactMap { member in
        member.value.elements?.first?.double.map { (member.name, $0) }
      },
      uniquingKeysWith: { $1 })
  }
}
