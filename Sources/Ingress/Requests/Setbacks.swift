/// How often a request may meet with failing ranks before it is given up.
struct Setbacks {
  private let migrationLimit: Int
  private var breaks = 0
  private var failures = 0
  private var lostRanks = 0
  private(set) var pause = Duration.milliseconds(25)

  /// Whether so many ranks were lost under the request that it may be what kills them.
  var isSuspicious: Bool { lostRanks >= 3 }

  /// Attempts in a row that get nowhere.
  private static let mostFailures = 4

  init(migrationLimit: Int) { self.migrationLimit = migrationLimit }

  /// Notes that a stream broke; false when it may not move again.
  mutating func noteBreak() -> Bool {
    breaks += 1
    lostRanks += 1
    failures = 0
    pause = .milliseconds(25)
    return breaks <= migrationLimit
  }

  /// Notes that an attempt gave nothing; false when there should be no other.
  ///
  /// Pauses between attempts grow, so that the controller can tell of a dead group before the next.
  /// - Parameter lostRank: whether the rank had the request when its connection broke.
  mutating func noteFailure(lostRank: Bool) -> Bool {
    failures += 1
    if lostRank { lostRanks += 1 }
    pause *= 2
    return failures < Self.mostFailures
  }
}
