/// A stretch of the past of one series, in equal steps.
public struct HistoryStretch: Sendable, Equatable {
  /// Seconds of a step.
  public let step: Int
  /// When the first step begins, in seconds since 1970.
  public let start: Int
  /// The steps; nil where nothing was known.
  public private(set) var samples: [HistorySample?]

  /// Rolls the steps of `blocks` up into steps of `step` seconds, from the one that holds `from` to the one that holds
  /// `until`; what comes before the first that is known is left out.
  public init(of series: HistoryBlock.Series, in blocks: [HistoryBlock], from: Int, until: Int, step: Int) {
    let first = from / step * step
    var samples = [HistorySample?](repeating: nil, count: max(0, until / step - first / step + 1))
    for block in blocks {
      for (place, sample) in (block.series[series] ?? []).enumerated() {
        let time = block.start + place * block.step
        guard let sample, time >= first, time <= until else { continue }
        samples[(time - first) / step].merge(sample)
      }
    }
    let unknown = samples.prefix { $0 == nil }.count
    self.samples = Array(samples.dropFirst(unknown))
    self.step = step
    start = first + unknown * step
  }

  /// Steps that people like to read.
  private static let pleasant = [1, 10, 60, 300, 600, 1800, 3600, 21_600, 86_400]
  private static let pleasantCount = 60

  /// The step in which `age` seconds fill about a screen.
  public static func pleasantStep(over age: Int) -> Int {
    pleasant.first { age <= $0 * pleasantCount } ?? pleasant[pleasant.count - 1]
  }
}
