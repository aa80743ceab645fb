public import ControlAPI

/// A node and what its ranks do, summed; what no rank tells is unknown.
public struct NodeSummary: Sendable, Equatable {
  /// Its name.
  public var name: String
  /// The ranks that live on it.
  public var ranks: [ReplicaStatus]
  /// The devices that the rank assigner gave, by rank id's number; empty where it does not tell.
  public var devices: [Int]

  /// The nodes of an application, by name.
  static func all(of application: ApplicationStatus) -> [NodeSummary] {
    let placements = application.deployments.compactMap(\.ranks).joined()
    let byNode = Dictionary(grouping: application.replicas(.rank)) { $0.node ?? Units.unknown }
    return byNode.map { name, ranks in
      let devices = placements.filter { $0.node == name }.map(\.device)
      return NodeSummary(name: name, ranks: ranks, devices: devices.sorted())
    }.sorted { ($0.name.count, $0.name) < ($1.name.count, $1.name) }
  }

  /// The ranks whose readings count.
  var fresh: [ReplicaStatus] { ranks.filter { !$0.stale && $0.state == .running } }

  /// The sum of a reading over the ranks that tell it.
  func sum(_ reading: (ReplicaStatus) -> Double?) -> Double? {
    let known = fresh.compactMap(reading)
    return known.isEmpty ? nil : known.reduce(0, +)
  }

  /// The mean of a reading over the ranks that tell it.
  func mean(_ reading: (ReplicaStatus) -> Double?) -> Double? {
    let known = fresh.compactMap(reading)
    return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
  }
}
