import Telemetry

/// The buckets in which latencies are kept: four of a sketch's as one, so that quantiles are within 4 % and a month of them
/// stays small.
enum HistoryBuckets {
  private static let width = 4
  static let count = (SketchScale.bucketCount + width - 1) / width

  /// What a sketch has in each bucket from the first that is not empty to the last; nothing where it is empty.
  static func counts(of sketch: QuantileSketch) -> (first: Int, counts: [Int64]) {
    guard let low = sketch.counts.firstIndex(where: { $0 > 0 }),
      let high = sketch.counts.lastIndex(where: { $0 > 0 })
    else { return (0, []) }
    let first = (sketch.firstIndex + low) / width
    var counts = [Int64](repeating: 0, count: (sketch.firstIndex + high) / width - first + 1)
    for offset in low...high { counts[(sketch.firstIndex + offset) / width - first] += sketch.counts[offset] }
    return (first, counts)
  }

  /// A sketch that has in the middle of each bucket what stands there.
  static func sketch(first: Int, counts: [Int64]) -> QuantileSketch {
    guard !counts.isEmpty else { return QuantileSketch() }
    let place = { (bucket: Int) in min(bucket * width + width / 2, SketchScale.bucketCount - 1) }
    let base = place(first)
    var wide = [Int64](repeating: 0, count: place(first + counts.count - 1) - base + 1)
    for (offset, count) in counts.enumerated() { wide[place(first + offset) - base] = count }
    return QuantileSketch(firstIndex: base, counts: wide, sum: 0)
  }

  /// The same observations, each in the middle of its bucket.
  static func coarse(_ sketch: QuantileSketch) -> QuantileSketch {
    let (first, counts) = counts(of: sketch)
    return self.sketch(first: first, counts: counts)
  }
}
