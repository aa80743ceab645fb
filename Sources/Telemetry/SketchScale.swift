/// The buckets of a log-linear sketch of seconds: 64 equal steps within each power of two.
///
/// A bucket's index is the exponent and the top six mantissa bits of the number itself, so finding it costs a shift.
/// A bucket is at most 1/64 of its lower edge wide, and its middle at most 0.8 % from any value within. The scale
/// spans 2^-20 s (about 1 us) to 2^13 s (8192 s) with one bucket below and one above.
public enum SketchScale {
  /// The number of buckets, those at both ends included.
  public static let bucketCount = 33 * 64 + 2

  private static let firstKey = (1023 - 20) << 6

  /// The bucket of `seconds`, which must be a number; zero and less belong to the lowest.
  @inlinable
  public static func index(of seconds: Double) -> Int {
    guard seconds > 0 else { return 0 }
    let key = Int(seconds.bitPattern >> 46)
    return min(max(key - ((1023 - 20) << 6) + 1, 0), bucketCount - 1)
  }

  /// The value that stands for all of a bucket: its middle; 8192 s ("at least") for the highest.
  public static func value(at index: Int) -> Double {
    guard index > 0 else { return lowerEdge(1) / 2 }
    guard index < bucketCount - 1 else { return lowerEdge(index) }
    return (lowerEdge(index) + lowerEdge(index + 1)) / 2
  }

  private static func lowerEdge(_ index: Int) -> Double {
    Double(bitPattern: UInt64(index - 1 + firstKey) << 46)
  }
}
