public import ControlAPI
public import Telemetry

/// What is known of the applications: the last snapshot, and what the earlier ones told.
public struct World: Sendable, Equatable {
  /// The present, as last told; nil before the first answer.
  public private(set) var status: Status?
  /// When it was told, in seconds since 1970.
  public private(set) var receivedAt: Double?
  /// What to ask for next.
  public private(set) var sequence = 0
  /// The seconds past, by application, oldest first.
  public private(set) var history: [String: [HistoryPoint]] = [:]
  /// The last minutes of each application's replicas.
  private var tracks: [String: ReplicaTracks] = [:]
  /// What was told before.
  private(set) var timeline = Timeline()
  /// Events, oldest first.
  public private(set) var events: [Event] = []

  /// As much of the past as an hour of charts needs.
  private static let longestHistory = 3600
  private static let mostEvents = 1000

  /// Knows nothing yet.
  public init() {}

  /// Takes in a snapshot.
  public mutating func take(_ snapshot: Snapshot, at now: Double) {
    // A controller that was started anew counts from the start.
    if snapshot.sequence < sequence { events = [] }
    sequence = snapshot.sequence
    status = snapshot.status
    receivedAt = now
    timeline.append(snapshot.status, at: now)
    for (name, points) in snapshot.history { add(points, to: name) }
    history = history.filter { name, _ in snapshot.status.applications.contains { $0.name == name } }
    for application in snapshot.status.applications {
      tracks[application.name, default: ReplicaTracks()].append(
        application.deployments.flatMap(\.replicas), time: now)
    }
    tracks = tracks.filter { name, _ in snapshot.status.applications.contains { $0.name == name } }
    let last = events.last?.sequence ?? .min
    events += snapshot.events.filter { $0.sequence > last }
    events.removeFirst(max(0, events.count - Self.mostEvents))
  }

  /// Forgets nothing, as of a recording.
  mutating func keepAll() { timeline.isUnlimited = true }

  /// The world as it was at a moment: its status, and what had happened until then.
  func with(_ moment: Timeline.Moment, until time: Double) -> World {
    var world = self
    world.status = moment.status
    world.receivedAt = moment.time
    world.history = history.mapValues { points in Array(points.prefix { $0.time <= time }) }
    world.events = events.filter { (WallTime.seconds($0.time) ?? 0) <= time }
    return world
  }

  /// The application of a name.
  public func application(_ name: String?) -> ApplicationStatus? {
    status?.applications.first { $0.name == name }
  }

  /// The last minutes of a replica, oldest first.
  public func track(_ replica: String, of application: String?) -> Ring<ReplicaSample>? {
    application.flatMap { tracks[$0]?[replica] }
  }

  private mutating func add(_ points: [HistoryPoint], to name: String) {
    var known = history[name] ?? []
    let last = known.last?.time ?? -.infinity
    known += points.filter { $0.time > last }
    known.removeFirst(max(0, known.count - Self.longestHistory))
    history[name] = known
  }
}

extension ApplicationStatus {
  /// Every replica of a role, in the order of its deployment.
  func replicas(_ role: ReplicaRole) -> [ReplicaStatus] {
    deployments.flatMap(\.replicas).filter { $0.role == role }
  }

  /// Replicas that run, and how many there should be.
  func readiness(_ role: ReplicaRole) -> (running: Int, target: Int) {
    let holding = deployments.filter { $0.replicas.contains { $0.role == role } || isHome($0, of: role) }
    let running = holding.flatMap(\.replicas).filter { $0.role == role && $0.state == .running }.count
    return (running, holding.reduce(0) { $0 + $1.targetReplicas })
  }

  private func isHome(_ deployment: DeploymentStatus, of role: ReplicaRole) -> Bool {
    switch role {
    case .rank: deployment.name.hasPrefix("DPServer:")
    case .ingress: deployment.name == "OpenAiIngress"
    case .front: deployment.name == "HAProxy"
    }
  }
}
