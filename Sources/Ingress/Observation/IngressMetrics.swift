import Platform
import Telemetry

/// Counts and measures requests: on the stats page for the controller, as histograms for `/metrics`.
@Loop
final class IngressMetrics {
  let stats: StatsPageWriter<IngressStats>
  private(set) var requestsByStatus: [Int: Int64] = [:]
  /// Of callers with a name, and of them only.
  private(set) var requestsByCaller: [String: [Int: Int64]] = [:]
  private(set) var tokensByCaller: [String: Int64] = [:]
  private(set) var timeToFirstToken = Histogram(bounds: BucketBounds.timeToFirstToken)
  private(set) var timePerOutputToken = Histogram(bounds: BucketBounds.timePerOutputToken)
  private(set) var requestDuration = Histogram(bounds: BucketBounds.requestLatency)
  private(set) var queueWait = Histogram(bounds: BucketBounds.timeToFirstToken)
  private(set) var routeOverhead = Histogram(bounds: IngressMetrics.overheadBounds)

  /// Relays take tens of microseconds, far below the first bound of vLLM's histograms.
  private static let overheadBounds = [
    0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1,
    0.25, 0.5, 1,
  ]

  init(_ stats: StatsPageWriter<IngressStats>) { self.stats = stats }

  /// Counts a request that has come to its end.
  ///
  /// - Parameter status: what the client was told; 499 when it had left, as nginx writes it.
  func ended(_ status: Int, isBroken: Bool, _ times: RequestTimes, _ caller: Caller) {
    requestsByStatus[status, default: 0] += 1
    if !caller.name.isEmpty {
      requestsByCaller[caller.name, default: [:]][status, default: 0] += 1
      tokensByCaller[caller.name, default: 0] += Int64(times.outputTokens)
    }
    stats.add(.requests)
    switch status {
    case _ where isBroken:
      stats.add(.serverErrors)
      stats.add(.streamErrors)
    case 200..<300: stats.add(.succeeded)
    case 429: stats.add(.tooManyRequests)
    case 499: stats.add(.clientAborts)
    case 400..<500: stats.add(.clientErrors)
    default: stats.add(.serverErrors)
    }
    observe(&requestDuration, .e2e, .now - times.arrival)
    if let time = times.timePerOutputToken { observe(&timePerOutputToken, .tpot, time) }
  }

  /// Measures a request's first token as it comes, so that a long stream is seen early.
  func sawFirstToken(_ times: RequestTimes) {
    if let time = times.timeToFirstToken { observe(&timeToFirstToken, .ttft, time) }
  }

  /// Measures what the ingress took before a rank had the request.
  func sent(_ times: RequestTimes) {
    observe(&queueWait, .queueWait, times.queued)
    if let time = times.routeOverhead { observe(&routeOverhead, .routeOverhead, time) }
  }

  private func observe(_ histogram: inout Histogram, _ sketch: IngressStats.Sketch, _ time: Duration) {
    histogram.observe(time.inSeconds)
    stats.record(sketch, time.inSeconds)
  }
}
