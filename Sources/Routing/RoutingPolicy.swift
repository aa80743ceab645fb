/// How a rank is chosen among those that could serve a request.
public enum RoutingPolicy: String, CaseIterable, Sendable {
  /// The less loaded of two random ranks: nearly as even as the least loaded of all, and no herd runs to one rank when
  /// many ingress replicas decide on the same slightly old loads (Mitzenmacher 2001).
  case powerOfTwo = "power_of_two"
  /// One after the other.
  case roundRobin = "round_robin"
}

/// What came of choosing.
public enum RoutingDecision: Equatable, Sendable {
  /// The rank at this index.
  case rank(Int)
  /// Ranks could serve the request, but all are full at the moment.
  case saturated
  /// No rank can serve it: none runs, or all were tried.
  case unavailable
  /// The caller asked for a rank that does not exist.
  case unknownRank
}
