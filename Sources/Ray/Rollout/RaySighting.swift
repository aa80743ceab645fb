import ControlAPI

/// One look at an application on a cluster.
public struct RaySighting: Sendable, Equatable {
  /// What Serve says of it; nil when the cluster has no such application.
  public var application: ServeApplication?
  /// What is wrong with where its ranks stand; nil when nothing is.
  public var violation: String?
  /// Why replicas wait for a place; nil when none does.
  public var waiting: String?
  /// Whether a completion was answered through Serve's port since the revision was declared.
  public var isAnswered: Bool
  /// Where the cluster's configuration is no longer the one that was declared; empty when it is.
  public var drift: [String]
  /// Where the living replicas of its ranks are.
  public var gangs: [Gang]
  /// Whether it is known where all of its ranks stand.
  public var isPlaced: Bool
  /// Which group each block or gang is.
  public var groups = GroupNumbers()

  /// Describes a look.
  public init(
    application: ServeApplication?, violation: String? = nil, waiting: String? = nil,
    isAnswered: Bool = false, drift: [String] = [], gangs: [Gang] = [], isPlaced: Bool = false
  ) {
    self.application = application
    self.violation = violation
    self.waiting = waiting
    self.isAnswered = isAnswered
    self.drift = drift
    self.gangs = gangs
    self.isPlaced = isPlaced
  }

  /// The most telling reason why it is not well; nil when there is none.
  public var reason: String? {
    let failing = application?.deployments.first { $0.status != .healthy && !$0.message.isEmpty }
    let words = failing.map { "\($0.name): " + MessageDigest.line(of: $0.message) }
    let own = application.map { MessageDigest.line(of: $0.message) }.flatMap { $0.isEmpty ? nil : $0 }
    return violation ?? waiting ?? words ?? own
  }

  /// The ids of its blocks or gangs, those first that were there first.
  public func groupIDs(_ serverName: String, _ placement: Placement) -> [String] {
    guard placement.isBlockwise else { return gangs.map(\.id).filter { !$0.isEmpty } }
    let server = application?.deployments.first { $0.name == serverName }
    return (server?.replicas ?? []).filter { $0.state != .stopping }.sorted {
      ($0.startedAt ?? .infinity, $0.id) < ($1.startedAt ?? .infinity, $1.id)
    }.map(\.id)
  }
}
