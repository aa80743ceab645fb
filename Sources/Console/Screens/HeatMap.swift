import ControlAPI

/// Seconds of a distribution laid out as cells: time from left to right, latency upwards.
struct HeatMap {
  /// Buckets from the top row down.
  private(set) var buckets: [Int] = []
  /// For every row and column, the share of the column's values, over the greatest in it; nil without any.
  private(set) var cells: [[Double?]] = []
  /// How many seconds a column holds.
  private(set) var secondsPerColumn = 1

  init(_ seconds: [LatencyColumn], now: Double, columns: Int, rows: Int) {
    guard columns > 0, rows > 0, let oldest = seconds.first else { return }
    let age = max(1, now - oldest.time)
    secondsPerColumn = [1, 2, 5, 10, 30].first { Double($0 * columns) >= age } ?? 60
    var sums = [[Int]](repeating: [], count: columns)
    for second in seconds {
      let back = Int((now - second.time) / Double(secondsPerColumn))
      guard back >= 0, back < columns else { continue }
      let column = columns - 1 - back
      if sums[column].isEmpty { sums[column] = Array(repeating: 0, count: LatencyScale.bucketCount) }
      for (offset, count) in second.counts.enumerated() where second.first + offset < LatencyScale.bucketCount
      {
        sums[column][second.first + offset] += count
      }
    }
    let filled = sums.filter { !$0.isEmpty }
    let used = (0..<LatencyScale.bucketCount).filter { bucket in filled.contains { $0[bucket] > 0 } }
    guard let low = used.first, let high = used.last else { return }
    // The upper buckets stay in sight: what is late matters more.
    let first = max(low, high - rows + 1)
    buckets = Array(
      (first...max(high, min(LatencyScale.bucketCount - 1, first + min(rows, 8) - 1))).reversed())
    cells = buckets.map { bucket in
      sums.map { column in
        guard let most = column.max(), most > 0, column[bucket] > 0 else { return nil }
        return Double(column[bucket]) / Double(most)
      }
    }
  }
}
