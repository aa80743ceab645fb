import ControlAPI
import Telemetry

/// The distributions of the past minutes, second by second, in the buckets of heat maps.
struct LatencyHistory {
  /// How many seconds are kept.
  static let longest = 600
  private var columns: [LatencyMetric: Ring<LatencyColumn>] = [:]

  /// Takes what one second brought.
  mutating func append(_ sketch: QuantileSketch, _ metric: LatencyMetric, time: Double) {
    guard let column = Self.column(sketch, time) else { return }
    columns[metric, default: Ring(capacity: Self.longest)].append(column)
  }

  /// The seconds of a metric that are not older than ``longest``, oldest first.
  func columns(_ metric: LatencyMetric, now: Double) -> [LatencyColumn] {
    (columns[metric] ?? Ring(capacity: 1)).filter { $0.time > now - Double(Self.longest) }
  }

  private static func column(_ sketch: QuantileSketch, _ time: Double) -> LatencyColumn? {
    guard sketch.count > 0 else { return nil }
    var counts = [Int](repeating: 0, count: LatencyScale.bucketCount)
    for (offset, count) in sketch.counts.enumerated() where count > 0 {
      let value = SketchScale.value(at: sketch.firstIndex + offset)
      counts[LatencyScale.bucket(of: value)] += Int(count)
    }
    guard let first = counts.firstIndex(where: { $0 > 0 }), let last = counts.lastIndex(where: { $0 > 0 })
    else { return nil }
    return LatencyColumn(time: time, first: first, counts: Array(counts[first...last]))
  }
}
