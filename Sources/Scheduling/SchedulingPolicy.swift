/// Which request goes first; the words are vLLM's.
public enum SchedulingPolicy: String, Sendable, CaseIterable {
  /// First come, first served.
  case fcfs
  /// The lowest number first, then the earliest arrival.
  case priority
}

/// A request's place: what has a lower rank is admitted earlier and preempted later.
struct ServiceRank: Comparable, Hashable, Sendable {
  /// 0 for all under ``SchedulingPolicy/fcfs``.
  let priority: Int
  /// A serial number.
  let arrival: UInt64

  static func < (left: ServiceRank, right: ServiceRank) -> Bool {
    (left.priority, left.arrival) < (right.priority, right.arrival)
  }
}
