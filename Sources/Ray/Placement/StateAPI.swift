public import JSON

/// A placement group, by `GET /api/v0/placement_groups?detail=1`.
public struct PlacementGroup: Sendable, Equatable {
  /// Ray's id of it.
  public let id: String
  /// `SERVE_REPLICA::app#deployment#replica`, or `SERVE_GANG::app_deployment_n_id`.
  public let name: String
  /// `PENDING`, `CREATED`, `REMOVED` and so on.
  public let state: String
  /// Why it is in that state, such as `NO_RESOURCES`.
  public let schedulingState: String
  /// How often Ray tried to place it.
  public let attempts: Int
  /// Its bundles.
  public let bundles: [Bundle]

  /// What must be together on one node.
  public struct Bundle: Sendable, Equatable {
    /// Its number in its group.
    public let index: Int
    /// What it takes of a node, by Ray's names of resources.
    public let resources: [String: Double]
    /// The node it was put on; nil while it waits.
    public let node: String?
  }

  /// Reads the list.
  public static func list(_ answer: JSONValue) throws(RayError) -> [PlacementGroup] {
    try rows(of: answer).map(PlacementGroup.init)
  }

  init(_ row: JSONValue) {
    id = row["placement_group_id"]?.string ?? ""
    name = row["name"]?.string ?? ""
    state = row["state"]?.string ?? ""
    schedulingState = row["stats"]?["scheduling_state"]?.string ?? ""
    attempts = row["stats"]?["scheduling_attempt"]?.integer ?? 0
    bundles = (row["bundles"]?.elements ?? []).map { bundle in
      Bundle(
        index: bundle["bundle_id"]?["bundle_index"]?.integer ?? 0,
        resources: amounts(bundle["unit_resources"]),
        node: bundle["node_id"]?.string.flatMap { $0.isEmpty ? nil : $0 })
    }
  }

  /// Whether it belongs to a deployment of an application.
  public func belongs(to application: String, _ deployment: String) -> Bool {
    name.hasPrefix("SERVE_REPLICA::\(application)#\(deployment)#")
      || name.hasPrefix("SERVE_GANG::\(application)_\(deployment)_")
  }
}

/// A Serve replica's actor, by `GET /api/v0/actors?detail=1`.
public struct ReplicaActor: Sendable, Equatable {
  /// The application.
  public let application: String
  /// The deployment.
  public let deployment: String
  /// The replica's id.
  public let replica: String
  /// Whether its process lives.
  public let isAlive: Bool
  /// The node it is on; nil before it has one.
  public let node: String?
  /// The placement group it is in; nil when it is in none.
  public let placementGroup: String?
  /// The bundle of that group which it takes; nil when it is in none.
  public let bundle: Int?

  /// Reads the list; actors that are no replicas are left out.
  public static func list(_ answer: JSONValue) throws(RayError) -> [ReplicaActor] {
    try rows(of: answer).compactMap(ReplicaActor.init)
  }

  init?(_ row: JSONValue) {
    guard let name = row["name"]?.string, name.hasPrefix("SERVE_REPLICA::") else { return nil }
    let parts = name.dropFirst("SERVE_REPLICA::".count).split(separator: "#").map(String.init)
    guard parts.count == 3 else { return nil }
    (application, deployment, replica) = (parts[0], parts[1], parts[2])
    isAlive = row["state"]?.string == "ALIVE"
    node = row["node_id"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    let group = row["placement_group_id"]?.string
    placementGroup = group
    bundle = group.flatMap { group in
      (row["required_resources"]?.members ?? []).lazy.compactMap { Self.bundle($0.name, in: group) }.first
    }
  }

  /// The index in `bundle_group_3_9b63…`.
  private static func bundle(_ resource: String, in group: String) -> Int? {
    let (before, after) = ("bundle_group_", "_\(group)")
    guard resource.hasPrefix(before), resource.hasSuffix(after),
      resource.utf8.count > before.utf8.count + after.utf8.count
    else { return nil }
    return Int(resource.dropFirst(before.count).dropLast(after.count))
  }
}

/// A node of the cluster, by `GET /api/v0/nodes?detail=1`.
public struct ClusterNode: Sendable, Equatable {
  /// Ray's id of it.
  public let id: String
  /// Its address.
  public let address: String
  /// Whether it is there.
  public let isAlive: Bool
  /// What it has in all, by Ray's names of resources.
  public let resources: [String: Double]

  /// Reads the list.
  public static func list(_ answer: JSONValue) throws(RayError) -> [ClusterNode] {
    try rows(of: answer).map(ClusterNode.init)
  }

  init(_ row: JSONValue) {
    id = row["node_id"]?.string ?? ""
    address = row["node_ip"]?.string ?? ""
    isAlive = row["state"]?.string == "ALIVE"
    resources = amounts(row["resources_total"])
  }
}

/// The rows of an answer of the state API, which says apart from HTTP whether it succeeded.
private func rows(of answer: JSONValue) throws(RayError) -> [JSONValue] {
  guard answer["result"]?.bool == true, let rows = answer["data"]?["result"]?["result"]?.elements else {
    throw .notUnderstood(answer["msg"]?.string ?? "a list of the state API without rows")
  }
  return rows
}

private func amounts(_ value: JSONValue?) -> [String: Double] {
  Dictionary(
    (value?.members ?? []).compactMap { member in member.value.double.map { (member.name, $0) } },
    uniquingKeysWith: { $1 })
}
