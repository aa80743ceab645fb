import ControlAPI

extension BucketHistogram {
  /// How many values lie in each bucket of ``LatencyScale``: linear within the buckets of the page, like quantiles, and just
  /// above the greatest finite bound where they lie beyond.
  var scaled: [Int] {
    var below = 0
    return (0..<LatencyScale.bucketCount).map { bucket in
      // Pages are read while they are written, so a bucket may hold less than the one below it.
      let upTo = max(below, Int(count(upTo: LatencyScale.upperBound(bucket)).rounded()))
      defer { below = upTo }
      return upTo - below
    }
  }

  /// The 0th to 100th percentile; empty without values.
  var percentiles: [Double] { (0...100).compactMap { quantile(Double($0) / 100) } }

  private func count(upTo limit: Double) -> Double {
    // Bounds that are the same in decimals differ in their last bits.
    guard let index = bounds.firstIndex(where: { $0 >= limit * (1 - 1e-9) }) else { return count }
    let (lower, below) = index > 0 ? (bounds[index - 1], cumulative[index - 1]) : (0, 0)
    guard bounds[index].isFinite else { return count }
    return below + (cumulative[index] - below) * min(1, (limit - lower) / (bounds[index] - lower))
  }
}
