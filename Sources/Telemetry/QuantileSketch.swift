/// A mergeable summary of durations whose quantiles are within 1 % of the exact ones.
///
/// Sketches of several ranks are added, and a window is the difference of two states of one sketch: neither loses
/// precision. Only the touched range of buckets is stored.
public struct QuantileSketch: Sendable, Equatable {
  /// The index, on ``SketchScale``, of the first stored bucket.
  public private(set) var firstIndex: Int
  /// Observations per bucket from ``firstIndex`` on.
  public private(set) var counts: [Int64]
  /// The number of observations.
  public private(set) var count: Int64
  /// The sum of all observations in seconds.
  public private(set) var sum: Double

  /// An empty sketch.
  public init() { self.init(firstIndex: 0, counts: [], sum: 0) }

  /// A sketch of buckets as some other form stored them.
  public init(firstIndex: Int, counts: [Int64], sum: Double) {
    precondition(firstIndex >= 0 && firstIndex + counts.count <= SketchScale.bucketCount, "no such buckets")
    self.firstIndex = firstIndex
    self.counts = counts
    self.sum = sum
    count = counts.reduce(0, +)
  }

  /// Counts a duration; what is not a number is ignored.
  public mutating func record(_ seconds: Double) {
    guard !seconds.isNaN else { return }
    let index = SketchScale.index(of: seconds)
    cover(index..<index + 1)
    counts[index - firstIndex] += 1
    count += 1
    sum += seconds
  }

  /// Adds the observations of `other`.
  public mutating func merge(_ other: QuantileSketch) {
    guard other.count > 0 else { return }
    cover(other.range)
    for (offset, added) in other.counts.enumerated() {
      counts[other.firstIndex - firstIndex + offset] += added
    }
    count += other.count
    sum += other.sum
  }

  /// What was observed since `earlier`, an older state of the same sketch.
  ///
  /// When a bucket has shrunk the sketch began anew meanwhile, and all of it is since.
  public func since(_ earlier: QuantileSketch) -> QuantileSketch {
    guard earlier.count > 0 else { return self }
    guard count >= earlier.count, range.lowerBound <= earlier.firstIndex,
      range.upperBound >= earlier.range.upperBound
    else { return self }
    var difference = counts
    for (offset, old) in earlier.counts.enumerated() {
      let index = earlier.firstIndex - firstIndex + offset
      difference[index] -= old
      if difference[index] < 0 { return self }
    }
    return QuantileSketch(firstIndex: firstIndex, counts: difference, sum: sum - earlier.sum).trimmed()
  }

  /// The smallest value that a share of at least `share` (0...1) of the observations does not exceed; nil when empty.
  public func quantile(_ share: Double) -> Double? {
    guard count > 0 else { return nil }
    let wanted = max(1, Int64((min(max(share, 0), 1) * Double(count)).rounded(.up)))
    var seen: Int64 = 0
    for (offset, number) in counts.enumerated() {
      seen += number
      if seen >= wanted { return SketchScale.value(at: firstIndex + offset) }
    }
    return nil
  }

  /// The mean in seconds; nil when empty.
  public var mean: Double? { count > 0 ? sum / Double(count) : nil }

  private var range: Range<Int> { firstIndex..<firstIndex + counts.count }

  /// Stores at least the buckets of `wanted`.
  private mutating func cover(_ wanted: Range<Int>) {
    if counts.isEmpty { firstIndex = wanted.lowerBound }
    if wanted.lowerBound < firstIndex {
      counts.insert(contentsOf: repeatElement(0, count: firstIndex - wanted.lowerBound), at: 0)
      firstIndex = wanted.lowerBound
    }
    let missing = wanted.upperBound - range.upperBound
    if missing > 0 { counts.append(contentsOf: repeatElement(0, count: missing)) }
  }

  /// The same without empty buckets at both ends.
  private func trimmed() -> QuantileSketch {
    guard let first = counts.firstIndex(where: { $0 != 0 }), let last = counts.lastIndex(where: { $0 != 0 })
    else {
      return QuantileSketch()
    }
    return QuantileSketch(firstIndex: firstIndex + first, counts: Array(counts[first...last]), sum: sum)
  }
}
