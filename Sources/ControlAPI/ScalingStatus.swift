/// How a deployment's number of replicas follows the load, and what was concluded last.
public struct ScalingStatus: Codable, Sendable, Hashable {
  /// The least number of replicas.
  public var minReplicas: Int
  /// The greatest number of replicas.
  public var maxReplicas: Int
  /// Requests, running and queued, that a replica should have.
  public var targetOngoingRequests: Double
  /// Requests that all replicas had, over the window.
  public var ongoingRequests: Known<Double>
  /// Replicas that ran at the last decision.
  public var runningReplicas: Known<Int>
  /// Replicas that the load asks for, before delays and bounds.
  public var wantedReplicas: Known<Int>
  /// The last decision with its numbers, for people.
  public var decision: Known<String>

  enum CodingKeys: String, CodingKey {
    case minReplicas, maxReplicas, targetOngoingRequests, runningReplicas, wantedReplicas, decision
    case ongoingRequests = "ongoing_requests"
  }

  /// A rule under which nothing was decided yet.
  public init(minReplicas: Int, maxReplicas: Int, targetOngoingRequests: Double) {
    self.minReplicas = minReplicas
    self.maxReplicas = maxReplicas
    self.targetOngoingRequests = targetOngoingRequests
    ongoingRequests = .unknown
    runningReplicas = .unknown
    wantedReplicas = .unknown
    decision = .unknown
  }
}
