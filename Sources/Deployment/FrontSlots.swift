public import HAProxy

/// What the front is to do with each ingress replica.
public struct FrontSlots: Sendable, Equatable, Codable {
  /// Grows with each change.
  public let version: Int
  /// The state of each slot, by the replica's index; what lies beyond takes nothing.
  public let states: [SlotState]

  /// Before anything is known of the replicas.
  public init() { (version, states) = (0, []) }

  init(version: Int, states: [SlotState]) {
    self.version = version
    self.states = states
  }
}

extension IngressSet {
  /// What a front is to do with the replicas.
  ///
  /// While none runs, it goes on knocking at those that are going to: they are back within a moment, and it tries each
  /// connection again for some seconds.
  /// - Parameter cordons: replicas that an operator keeps new requests away from.
  func slots(_ cordons: Set<ReplicaName>) -> [SlotState] {
    let behind = replicas.filter { $0.spec.station == .behindFront }
    let isServed = behind.contains { $0.phase == .running }
    var states: [SlotState] = []
    for replica in behind {
      while states.count <= replica.index { states.append(.maint) }
      states[replica.index] = replica.slot(
        isServed: isServed, isCordoned: cordons.contains(.ingress(replica.index)))
    }
    return states
  }
}

extension IngressReplica {
  fileprivate func slot(isServed: Bool, isCordoned: Bool) -> SlotState {
    switch phase {
    case .running: isCordoned ? .drain : .ready
    case .stopping: .drain
    case .starting, .ending, .backoff: isServed ? .maint : .ready
    case .failed, .removed: .maint
    }
  }
}
