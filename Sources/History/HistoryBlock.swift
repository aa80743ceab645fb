/// Sixty steps of the past of an application and its ranks: one row of the store.
public struct HistoryBlock: Sendable, Equatable {
  /// Whose numbers they are.
  public enum Series: Sendable, Hashable, Comparable {
    /// The application's, as its clients see it.
    case application
    /// A rank's, whichever life it was in.
    case rank(group: Int, rank: Int)
  }

  /// So many steps are in a block.
  public static let steps = 60

  /// Seconds of a step.
  public let step: Int
  /// When the first step begins, in seconds since 1970; a multiple of the block's length.
  public let start: Int
  /// The steps of each series; nil where nothing was known.
  public internal(set) var series: [Series: [HistorySample?]] = [:]

  /// An empty block of steps of `step` seconds that holds `time`.
  public init(step: Int, holding time: Int) {
    self.step = step
    start = Self.start(step: step, of: time)
  }

  /// When the block of steps of `step` seconds begins that holds `time`.
  public static func start(step: Int, of time: Int) -> Int {
    let length = step * steps
    return time >= 0 ? time / length * length : -((length - 1 - time) / length * length)
  }

  /// The end of its last step.
  public var end: Int { start + step * Self.steps }

  /// Takes a sample of `time`, which lies in the block, into its step.
  public mutating func add(_ sample: HistorySample, to series: Series, at time: Int) {
    guard time >= start, time < end, !sample.isEmpty else { return }
    self.series[series, default: Array(repeating: nil, count: Self.steps)][(time - start) / step].merge(
      sample)
  }

  /// Takes every step of `other`, which are as long or shorter, into the steps that hold them.
  public mutating func merge(_ other: HistoryBlock) {
    for (series, samples) in other.series {
      for (place, sample) in samples.enumerated() {
        if let sample { add(sample, to: series, at: other.start + place * other.step) }
      }
    }
  }
}
