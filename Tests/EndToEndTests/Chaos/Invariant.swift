import Platform

/// What must hold whatever happens, in the numbering of the fault matrix.
enum Invariant: String, CaseIterable, Sendable {
  case onePerPlace = "I1: at most one living process for each rank and ingress replica"
  case nothingAfterDelete = "I2: after a delete no process with our token is left"
  case oneLifeOfGroup = "I3: the ranks of a group are of one life and one revision"
  case boundedRestarts = "I4: restarts stay within their budget, and the controller within its bounds"
  case acknowledgedStays = "I5: a change that was acknowledged survives"
  case statusIsTrue = "I6: HEALTHY is never told while clients fail"
  case streamsAreWhole =
    "I7: each stream ends with [DONE] and the same tokens, or with an error that says why"
  case converges = "I8: it becomes HEALTHY soon after the fault has ended"
  case commandsEnd = "I9: each command ends in its time, with a documented code"
  case deathsAreNamed = "I10: an event names each death: who, how and in which life"
  case transitionsAreLegal = "I11: what is recorded moves only along the edges of the state tables"
  case nothingLeaks = "I12: the controller's descriptors do not grow, and no zombie stays"
}

/// An invariant that does not hold.
struct Violation: CustomStringConvertible {
  let invariant: Invariant
  let what: String

  var description: String { "\(invariant.rawValue); \(what)" }
}

/// Holds evidence to the invariants.
struct Judge {
  let evidence: Evidence

  /// Everything that does not hold.
  var violations: [Violation] { Invariant.allCases.flatMap(violations) }

  func violations(of invariant: Invariant) -> [Violation] {
    let complaints =
      switch invariant {
      case .onePerPlace: duplicates
      case .nothingAfterDelete: leftovers
      case .oneLifeOfGroup: mixtures
      case .boundedRestarts: excess
      case .acknowledgedStays: lostChanges
      case .statusIsTrue: falseStatuses
      case .streamsAreWhole: brokenStreams
      case .converges: slowRecoveries
      case .commandsEnd: strangeEnds
      case .deathsAreNamed: namelessDeaths
      case .transitionsAreLegal: illegalTransitions
      case .nothingLeaks: leaks
      }
    return complaints.map { Violation(invariant: invariant, what: $0) }
  }
}
