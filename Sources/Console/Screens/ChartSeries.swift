import ControlAPI

/// A reading of some second.
public protocol TimedSample {
  /// Seconds since 1970.
  var time: Double { get }
}

extension HistoryPoint: TimedSample {}

/// A series of seconds as a chart wants it.
enum ChartSeries {
  /// The last `count` seconds, oldest first; a second without a reading is nil, so a gap stays a gap.
  static func samples<Points: BidirectionalCollection>(
    _ points: Points, count: Int, now: Double, _ value: (Points.Element) -> Double?
  ) -> [Double?] where Points.Element: TimedSample {
    guard count > 0, let last = points.last(where: { $0.time <= now }) else { return [] }
    // The newest second is about one behind the clock; only a longer silence is shown as one.
    let edge = now - last.time < 3 ? last.time : now
    var samples = [Double?](repeating: nil, count: count)
    for point in points.reversed() {
      let back = Int((edge - point.time).rounded())
      if back >= count { break }
      if back >= 0, let reading = value(point) { samples[count - 1 - back] = reading }
    }
    return samples
  }
}
