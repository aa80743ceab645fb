import ControlAPI

/// A series of seconds as a chart wants it.
enum ChartSeries {
  /// The last `count` seconds, oldest first; a second without a reading is nil, so a gap stays a gap.
  static func samples(
    _ points: [HistoryPoint], _ value: KeyPath<HistoryPoint, Double?>, count: Int, now: Double
  ) -> [Double?] {
    guard count > 0, let last = points.last else { return [] }
    // The newest second is about one behind the clock; only a longer silence is shown as one.
    let edge = now - last.time < 3 ? last.time : now
    var samples = [Double?](repeating: nil, count: count)
    for point in points.reversed() {
      let back = Int((edge - point.time).rounded())
      if back >= count { break }
      if back >= 0, let reading = point[keyPath: value] { samples[count - 1 - back] = reading }
    }
    return samples
  }
}
