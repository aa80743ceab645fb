/// How a rank is chosen among those that could serve a request.
public enum RoutingPolicy: String, CaseIterable, Sendable {
  /// The less loaded of two random ranks: nearly as even as the least loaded of all, and no herd runs to one rank when
  /// many ingress replicas decide on the same slightly old loads (Mitzenmacher 2001).
  case powerOfTwo = "power_of_two"
  /// The least loaded of all ranks; the first after the one chosen last among equals.
  case leastLoaded = "least_loaded"
  /// One after the other.
  case roundRobin = "round_robin"
  /// Any.
  case random
  /// The same rank for the same session, while it has a free place.
  case session
  /// The rank that has the longest beginning of the prompt in its cache, unless it has much more to do than the others.
  case prefixAware = "prefix_aware"
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
