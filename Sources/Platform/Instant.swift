import Glibc

/// A point on the monotonic clock, in nanoseconds; unaffected by changes of the wall clock.
public struct Instant: Comparable, Hashable, Sendable {
  /// Nanoseconds of `CLOCK_MONOTONIC`, comparable between processes of one boot.
  public let nanoseconds: UInt64

  /// The instant that many nanoseconds after the clock's start.
  public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  /// The present.
  public static var now: Instant { Instant(nanoseconds: clockNanoseconds(CLOCK_MONOTONIC)) }

  /// Later than every other instant: a wait until then has no deadline.
  public static let never = Instant(nanoseconds: .max)

  /// `duration` from now.
  public static func after(_ duration: Duration) -> Instant { now + duration }

  /// Whether `lhs` comes before `rhs`.
  public static func < (lhs: Instant, rhs: Instant) -> Bool { lhs.nanoseconds < rhs.nanoseconds }

  /// `duration` later, saturating at ``never``.
  public static func + (lhs: Instant, duration: Duration) -> Instant {
    let (sum, overflow) = lhs.nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
    return overflow ? .never : Instant(nanoseconds: sum)
  }

  /// The time from `rhs` to `lhs`; zero when `rhs` is later.
  public static func - (lhs: Instant, rhs: Instant) -> Duration {
    .nanoseconds(lhs.nanoseconds > rhs.nanoseconds ? lhs.nanoseconds - rhs.nanoseconds : 0)
  }
}

extension Duration {
  /// The duration in nanoseconds, never negative.
  public var wholeNanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : whole + UInt64(attoseconds / 1_000_000_000)
  }

  /// The duration in seconds.
  public var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

/// The wall clock.
public enum WallClock {
  /// Seconds since 1970-01-01T00:00:00Z.
  public static var secondsSinceEpoch: Double { Double(clockNanoseconds(CLOCK_REALTIME)) * 1e-9 }
}

private func clockNanoseconds(_ clock: clockid_t) -> UInt64 {
  var time = timespec()
  clock_gettime(clock, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
