/// The distributions of the past minutes, second by second, in the buckets of heat maps.
public struct LatencyHistory: Sendable {
  /// How many seconds are kept.
  private static let longest = 600
  private var columns: [LatencyMetric: [LatencyColumn]] = [:]

  /// Knows of nothing yet.
  public init() {}

  /// Takes what one second brought; nil when that was nothing.
  public mutating func append(_ column: LatencyColumn?, _ metric: LatencyMetric) {
    guard let column else { return }
    columns[metric, default: []].append(column)
    if columns[metric, default: []].count > Self.longest { columns[metric]?.removeFirst() }
  }

  /// The seconds of a metric that are not older than ten minutes, oldest first.
  public func columns(_ metric: LatencyMetric, now: Double) -> [LatencyColumn] {
    (columns[metric] ?? []).filter { $0.time > now - Double(Self.longest) }
  }
}
