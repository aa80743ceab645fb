import Glibc

/// Points of time as RFC 3339 in UTC, to the millisecond.
public enum Timestamp {
  /// The present.
  public static var now: String { text(WallClock.secondsSinceEpoch) }

  /// The text of a time in seconds since 1970.
  public static func text(_ seconds: Double) -> String {
    var time = time_t(seconds.rounded(.down))
    var parts = tm()
    gmtime_r(&time, &parts)
    let milliseconds = Int((seconds - Double(time)) * 1000)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    func three(_ number: Int) -> String { String("00\(number)".suffix(3)) }
    return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
      + "T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(three(milliseconds))Z"
  }
}
