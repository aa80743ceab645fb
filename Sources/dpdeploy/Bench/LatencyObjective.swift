import CommandLine
import ControlAPI
import Manifest

/// Upper bounds of latencies, such as `ttft_p95=500ms,tpot_p95=50ms`.
struct LatencyObjective: Sendable, Equatable, CustomStringConvertible {
  /// One of them.
  struct Bound: Sendable, Equatable, CustomStringConvertible {
    var latency: Latency
    var statistic: Statistic
    var seconds: Double

    var description: String { "\(latency.rawValue)_\(statistic.rawValue) \(Quantity.seconds(seconds))" }

    /// What a run measured of it; nil when nothing was.
    func measured(in report: BenchReport) -> Double? { statistic.value(of: latency.distribution(in: report)) }
  }

  /// What is bounded.
  enum Latency: String, Sendable, CaseIterable {
    case ttft, tpot, itl, e2el

    func distribution(in report: BenchReport) -> Distribution {
      switch self {
      case .ttft: report.ttftSeconds
      case .tpot: report.tpotSeconds
      case .itl: report.itlSeconds
      case .e2el: report.e2elSeconds
      }
    }
  }

  /// Which of its figures.
  enum Statistic: String, Sendable, CaseIterable {
    case mean, p50, p90, p95, p99

    func value(of distribution: Distribution) -> Double? {
      switch self {
      case .mean: distribution.mean.value
      case .p50: distribution.p50.value
      case .p90: distribution.p90.value
      case .p95: distribution.p95.value
      case .p99: distribution.p99.value
      }
    }

    /// The least quantile that tells whether such a share of requests is inside.
    static func covering(_ share: Double) -> Statistic {
      switch share {
      case ...0.5: .p50
      case ...0.9: .p90
      case ...0.95: .p95
      default: .p99
      }
    }
  }

  var bounds: [Bound]

  /// Reads `NAME_STATISTIC=TIME,…`.
  init(_ text: String) throws(UsageError) {
    bounds = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", omittingEmptySubsequences: false)
      let names = sides[0].split(separator: "_", omittingEmptySubsequences: false).map(String.init)
      guard sides.count == 2, names.count == 2, let latency = Latency(rawValue: names[0]),
        let statistic = Statistic(rawValue: names[1]),
        let seconds = ParsedArguments.seconds(in: String(sides[1])),
        seconds > 0
      else {
        throw UsageError(
          "--slo takes bounds such as ttft_p95=500ms,tpot_p95=50ms, not `\(part)`",
          help: "ttft, tpot, itl or e2el; mean, p50, p90, p95 or p99")
      }
      bounds.append(Bound(latency: latency, statistic: statistic, seconds: seconds))
    }
  }

  /// What a manifest's `slo` promises, by the quantile that its `goodput` names (p95 without); nil when it promises nothing.
  init?(_ promise: ServiceObjective) {
    let statistic = promise.goodput.map(Statistic.covering) ?? .p95
    bounds = [(Latency.ttft, promise.ttftMilliseconds), (.tpot, promise.tpotMilliseconds)].compactMap {
      latency, milliseconds in
      milliseconds.map { Bound(latency: latency, statistic: statistic, seconds: $0 / 1000) }
    }
    guard !bounds.isEmpty else { return nil }
  }

  var description: String { bounds.map(\.description).joined(separator: ", ") }

  /// The bounds that a run exceeded; one of which nothing is known is not kept.
  func missed(by report: BenchReport) -> [Bound] {
    bounds.filter { bound in bound.measured(in: report).map { $0 > bound.seconds } ?? true }
  }
}
