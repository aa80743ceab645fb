/// The screens; those with a digit are opened by it, the others from one of these.
public enum ScreenKind: String, Sendable, Hashable, CaseIterable {
  /// What runs, and the manifests that could.
  case home
  case overview
  case replicas
  /// One replica, opened from the replicas or the ingress.
  case replica
  case ingress
  case latency
  case queue
  case experts
  case events
  /// Log lines among the events, opened from anywhere.
  case logs
  case hints
  case manifest
  case nodes

  /// The key that opens it.
  public var digit: Int? {
    switch self {
    case .home, .replica, .logs: nil
    case .overview: 1
    case .replicas: 2
    case .ingress: 3
    case .latency: 4
    case .queue: 5
    case .experts: 6
    case .events: 7
    case .hints: 8
    case .manifest: 9
    case .nodes: 0
    }
  }

  /// The screen of a digit.
  public init?(digit: Int) {
    guard let kind = Self.allCases.first(where: { $0.digit == digit }) else { return nil }
    self = kind
  }

  /// Those with a digit, in the order in which they are named.
  public static let tabs = allCases.filter { $0.digit != nil }

  /// Its name in the line of screens.
  public var title: String {
    switch self {
    case .home: "Home"
    case .overview: "Overview"
    case .replicas: "Replicas"
    case .replica: "Replica"
    case .ingress: "Ingress"
    case .latency: "Latency"
    case .queue: "Queue"
    case .experts: "Experts"
    case .events: "Events"
    case .logs: "Logs"
    case .hints: "Hints"
    case .manifest: "Manifest"
    case .nodes: "Nodes"
    }
  }

  /// Where going back leads.
  var parent: ScreenKind {
    switch self {
    case .home, .overview: .home
    case .replica: .replicas
    case .logs: .events
    default: .overview
    }
  }
}
