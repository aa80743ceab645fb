import Deployment
import Telemetry

/// Watches one process that serves by what its stats page says: whether it lives, and whether it gets on.
struct Vigil {
  /// What is allowed without a sign of life, and as much without a step while there is work.
  var limit = Duration.zero {
    didSet { (silence.limit, standstill.limit) = (limit, limit) }
  }

  private var silence = StandstillRule(limit: .zero)
  private var standstill = StandstillRule(limit: .zero)
  /// The rank that it waits for, and since when it has made no exchange for that.
  private(set) var wait: (rank: Int, exchanges: Int64, since: Duration)?

  /// Looks for signs of life; the time without one when it is too long.
  mutating func hear<Role: StatsRole>(_ page: StatsPageReader<Role>, at now: Duration) -> Duration? {
    silence.look(hasWork: true, count: Int(clamping: page.heartbeatNanoseconds), at: now)
  }

  /// Looks whether a rank gets on; the time without a step when it is too long.
  mutating func look(_ page: StatsPageReader<RankStats>, at now: Duration) -> Duration? {
    let exchanges = page[.exchanges]
    let awaited = Int(page[.waitsFor]) - 1
    if awaited < 0 {
      wait = nil
    } else if wait?.rank != awaited || wait?.exchanges != exchanges {
      wait = (awaited, exchanges, now)
    }
    return standstill.look(
      hasWork: page[.unfinished] > 0, count: Int(page[.steps] &+ exchanges), at: now)
  }
}
