/// Counts of observations by upper bound, as Prometheus wants them.
///
/// For the outside only: quantiles of our own come from ``QuantileSketch``, whose error does not depend on bounds
/// that somebody chose beforehand.
public struct Histogram: Sendable {
  /// The buckets' upper bounds, inclusive and ascending; an unbounded bucket follows the last.
  public let bounds: [Double]
  /// Observations per bucket, not cumulative; one more than there are ``bounds``.
  public fileprivate(set) var counts: [Int64]
  /// The sum of all observations.
  public fileprivate(set) var sum = 0.0

  /// An empty histogram over `bounds`, which must ascend.
  public init(bounds: [Double]) {
    precondition(zip(bounds, bounds.dropFirst()).allSatisfy(<), "bounds of a histogram must ascend")
    self.bounds = bounds
    counts = [Int64](repeating: 0, count: bounds.count + 1)
  }

  /// The number of observations.
  public var count: Int64 { counts.reduce(0, +) }

  /// Counts `value`; what is not a number is ignored.
  public mutating func observe(_ value: Double) {
    guard !value.isNaN else { return }
    counts[bucket(of: value)] += 1
    sum += value
  }

  /// Adds the counts of `other`, which must have the same bounds.
  public mutating func merge(_ other: Histogram) {
    precondition(bounds == other.bounds, "histograms of different bounds cannot be merged")
    for index in counts.indices { counts[index] += other.counts[index] }
    sum += other.sum
  }

  /// The first bucket whose bound is not below `value`, by bisection.
  fileprivate func bucket(of value: Double) -> Int {
    var low = 0
    var high = bounds.count
    while low < high {
      let middle = (low + high) / 2
      if bounds[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension Histogram {
  /// The observations of a sketch by other bounds; each counts as the middle of its bucket, at most 0.8 % off.
  public init(_ sketch: QuantileSketch, bounds: [Double]) {
    self.init(bounds: bounds)
    for (offset, number) in sketch.counts.enumerated() where number > 0 {
      counts[bucket(of: SketchScale.value(at: sketch.firstIndex + offset))] += number
    }
    sum = sketch.sum
  }
}
