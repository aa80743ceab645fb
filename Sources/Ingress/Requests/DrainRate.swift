import Platform

/// How fast requests end, from the two latest spans of five seconds.
struct DrainRate {
  private static let span = Duration.seconds(5)
  private var start = Instant(nanoseconds: 0)
  private var current = 0
  private var previous = 0

  /// Counts an end.
  mutating func note(at now: Instant) {
    roll(to: now)
    current += 1
  }

  /// Seconds until `depth` requests have ended at this rate: from 1 to 60, and 60 when nothing ends.
  mutating func seconds(for depth: Int, at now: Instant) -> Int {
    roll(to: now)
    guard depth > 0 else { return 1 }
    let perSecond = Double(current + previous) / (Self.span * 2).inSeconds
    guard perSecond > 0 else { return 60 }
    return min(60, max(1, Int((Double(depth) / perSecond).rounded(.up))))
  }

  private mutating func roll(to now: Instant) {
    let passed = now - start
    guard passed >= Self.span else { return }
    previous = passed >= Self.span * 2 ? 0 : current
    current = 0
    start = now
  }
}
