public import ControlAPI

/// The hints for one application, kept from look to look.
///
/// A rule must hold for a while before its hint appears, and be silent for a while before it goes: a hint that flickers
/// teaches operators to look away.
public struct Diagnosis: Sendable {
  private struct Track: Sendable {
    var hint: Hint
    var firstSeen: Double
    var lastSeen: Double
    var since: String
    var isShown = false
  }

  private var tracks: [String: Track] = [:]
  private let appearsAfter: Double
  private let goesAfter: Double

  /// Shows a hint once its rule has held for `appearsAfter` seconds, until it has not for `goesAfter` seconds.
  public init(appearsAfter: Double = 3, goesAfter: Double = 5) {
    self.appearsAfter = appearsAfter
    self.goesAfter = goesAfter
  }

  /// Takes a look and returns the hints that hold, the gravest first.
  public mutating func examine(_ observation: Observation) -> [Hint] {
    for rule in Rule.all {
      for hint in rule.check(observation) { note(hint, observation) }
    }
    tracks = tracks.filter { observation.time - $0.value.lastSeen < goesAfter }
    return tracks.values.filter(\.isShown).map(\.hint).sorted(by: Self.isGraver)
  }

  private mutating func note(_ hint: Hint, _ observation: Observation) {
    let key = hint.id + "/" + (hint.replica ?? "")
    var track =
      tracks[key]
      ?? Track(
        hint: hint, firstSeen: observation.time, lastSeen: observation.time, since: observation.timestamp)
    track.hint = hint
    track.hint.since = track.since
    track.lastSeen = observation.time
    track.isShown = track.isShown || observation.time - track.firstSeen >= appearsAfter
    tracks[key] = track
  }

  private static func isGraver(_ lhs: Hint, _ rhs: Hint) -> Bool {
    let order: [Severity] = [.error, .warning, .info]
    let left = order.firstIndex(of: lhs.severity) ?? order.count
    let right = order.firstIndex(of: rhs.severity) ?? order.count
    return (left, lhs.id, lhs.replica ?? "") < (right, rhs.id, rhs.replica ?? "")
  }
}

/// One way of being wrong that we know: looks at an observation and says what it finds.
struct Rule: Sendable {
  let check: @Sendable (Observation) -> [Hint]

  /// By the seed guide's symptoms: replicas that do not start, low throughput, high latency.
  static let all = [
    stuckUpdating, restartLoop,
    batchCapped, ingressBottleneck, routingSkew,
    headOfLine, keyValuePressure, saturated,
  ]
}
