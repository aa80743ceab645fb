import ControlAPI
import Telemetry

extension LatencyColumn {
  /// What a second's sketch holds; nil when that is nothing.
  init?(_ sketch: QuantileSketch, time: Double) {
    var buckets = [Int](repeating: 0, count: LatencyScale.bucketCount)
    for (offset, count) in sketch.counts.enumerated() where count > 0 {
      buckets[LatencyScale.bucket(of: SketchScale.value(at: sketch.firstIndex + offset))] += Int(count)
    }
    self.init(time: time, buckets: buckets)
  }
}
