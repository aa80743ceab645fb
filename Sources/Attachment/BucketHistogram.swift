/// A Prometheus histogram: how many values lay at or below each bound.
///
/// Counts are doubles, as pages give them.
public struct BucketHistogram: Sendable, Hashable {
  /// Upper bounds, ascending; the last is infinite.
  public private(set) var bounds: [Double] = []
  /// Values at or below each bound.
  public private(set) var cumulative: [Double] = []
  /// The sum of all values.
  public var sum = 0.0

  /// A histogram without buckets.
  public init() {}

  /// A histogram of buckets in ascending order.
  public init(bounds: [Double], cumulative: [Double], sum: Double = 0) {
    precondition(bounds.count == cumulative.count, "a count for every bound")
    self.bounds = bounds
    self.cumulative = cumulative
    self.sum = sum
  }

  /// How many values there were.
  public var count: Double { cumulative.last ?? 0 }

  /// Adds a bucket; pages list them in ascending order, others are put in their place.
  mutating func add(bound: Double, count: Double) {
    let index = bounds.firstIndex { $0 >= bound } ?? bounds.count
    if index < bounds.count, bounds[index] == bound {
      cumulative[index] += count
    } else {
      bounds.insert(bound, at: index)
      cumulative.insert(count, at: index)
    }
  }

  /// What was added since `earlier`; a server that began anew counts whole.
  func since(_ earlier: BucketHistogram) -> BucketHistogram {
    guard earlier.bounds == bounds, count >= earlier.count else { return self }
    return BucketHistogram(
      bounds: bounds, cumulative: zip(cumulative, earlier.cumulative).map { max(0, $0 - $1) },
      sum: sum - earlier.sum)
  }

  /// Adds another's values.
  ///
  /// Where their bounds differ, a bound that one lacks takes that one's count at the bound below.
  mutating func merge(_ other: BucketHistogram) {
    guard !other.bounds.isEmpty else { return }
    if bounds == other.bounds {
      for index in cumulative.indices { cumulative[index] += other.cumulative[index] }
    } else {
      let all = Set(bounds).union(other.bounds).sorted()
      cumulative = all.map { count(below: $0) + other.count(below: $0) }
      bounds = all
    }
    sum += other.sum
  }

  private func count(below bound: Double) -> Double {
    bounds.lastIndex { $0 <= bound }.map { cumulative[$0] } ?? 0
  }

  /// The value that a share of all values does not exceed; nil without values.
  ///
  /// As Prometheus' `histogram_quantile` estimates it: linear within its bucket, and the greatest finite bound when it
  /// lies beyond.
  public func quantile(_ share: Double) -> Double? {
    guard count > 0 else { return nil }
    let rank = share * count
    // The least of all values lies in the first bucket that has any.
    guard let index = cumulative.firstIndex(where: { $0 >= rank && $0 > 0 }) else { return nil }
    let below = index > 0 ? cumulative[index - 1] : 0
    let lower = index > 0 ? bounds[index - 1] : 0
    guard bounds[index].isFinite else { return index > 0 ? lower : nil }
    let inside = cumulative[index] - below
    return lower + (bounds[index] - lower) * (inside > 0 ? (rank - below) / inside : 1)
  }

  /// The values between two shares of all: each whole, and in one of the parts whichever way all are cut.
  func part(_ share: Range<Double>) -> BucketHistogram {
    func whole(_ count: Double, _ share: Double) -> Double { (count * share).rounded(.down) }
    return BucketHistogram(
      bounds: bounds,
      cumulative: cumulative.map { whole($0, share.upperBound) - whole($0, share.lowerBound) },
      sum: sum * (share.upperBound - share.lowerBound))
  }

  /// The mean of all values, exact; nil without any.
  public var mean: Double? { count > 0 ? sum / count : nil }
}
