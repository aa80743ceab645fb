import ControlAPI

/// Measures a rank's start by what its stats page says: when it came to each part.
struct StartClock {
  /// When it came to a part, in nanoseconds of the monotonic clock, in any order.
  var entries: [(phase: StartPhase, at: UInt64)]
  /// When it was launched; nil when another controller did that.
  var launched: UInt64?

  /// The parts until `end`, in the order in which they came.
  func phases(until end: UInt64) -> [RankStart.PhaseTime] {
    var marks = entries.filter { $0.at <= end }.sorted { $0.at < $1.at }
    if let launched {
      marks.removeAll { $0.phase == .spawn }
      marks.insert((.spawn, launched), at: 0)
    }
    let ends = marks.dropFirst().map(\.at) + [end]
    return zip(marks, ends).map { mark, next in
      RankStart.PhaseTime(mark.phase, seconds: Double(next - min(mark.at, next)) * 1e-9)
    }
  }
}
