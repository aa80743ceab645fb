import ControlAPI

/// The exact quantiles of what was measured, in seconds; unknown where nothing was.
struct Distribution: Codable, Sendable, Equatable {
  var mean: Known<Double>
  var p50: Known<Double>
  var p90: Known<Double>
  var p95: Known<Double>
  var p99: Known<Double>
  /// How many values there were.
  var count: Int

  /// Takes for each quantile the smallest value that the share of all does not exceed.
  init(of values: [Double]) {
    let sorted = values.sorted()
    func quantile(_ share: Double) -> Known<Double> {
      guard !sorted.isEmpty else { return .unknown }
      let rank = Int((share * Double(sorted.count)).rounded(.up))
      return .known(sorted[min(max(rank, 1), sorted.count) - 1])
    }
    mean = sorted.isEmpty ? .unknown : .known(sorted.reduce(0, +) / Double(sorted.count))
    (p50, p90, p95, p99) = (quantile(0.5), quantile(0.9), quantile(0.95), quantile(0.99))
    count = sorted.count
  }
}
