import ControlAPI

extension ReplicaPhase {
  /// The phase's place in a start.
  var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
