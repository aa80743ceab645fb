import ControlAPI
import History
import Telemetry

extension HistoryMetric {
  /// The metric of a step; nil where nothing was known.
  func value(of sample: HistorySample) -> Double? {
    switch self {
    case .requestsPerSecond: sample.ratio(.requests, per: .countedMilliseconds, scale: 1000)
    case .promptTokensPerSecond: sample.ratio(.promptTokens, per: .countedMilliseconds, scale: 1000)
    case .generationTokensPerSecond: sample.ratio(.generationTokens, per: .countedMilliseconds, scale: 1000)
    case .errorRatio: Self.share(sample.ratio(.failed, per: .requests))
    case .refusedRatio: Self.share(sample.ratio(.refused, per: .requests))
    case .abortedRatio: Self.share(sample.ratio(.aborted, per: .requests))
    case .ttftP50Seconds: sample.ttft.quantile(0.5)
    case .ttftP95Seconds: sample.ttft.quantile(0.95)
    case .ttftP99Seconds: sample.ttft.quantile(0.99)
    case .tpotP50Seconds: sample.tpot.quantile(0.5)
    case .tpotP95Seconds: sample.tpot.quantile(0.95)
    case .tpotP99Seconds: sample.tpot.quantile(0.99)
    case .queueDepth: sample.ratio(.queueDepth, per: .ingressReadings)
    case .queueDepthMax: sample.most(.queueDepthMost, of: .ingressReadings)
    case .running: sample.ratio(.running, per: .rankReadings)
    case .runningMax: sample.most(.runningMost, of: .rankReadings)
    case .waiting: sample.ratio(.waiting, per: .rankReadings)
    case .waitingMax: sample.most(.waitingMost, of: .rankReadings)
    case .kvUsageRatio: sample.ratio(.blocksUsed, per: .blocksTotal)
    case .kvUsageMaxRatio: sample.most(.blocksUsedMost, of: .blocksTotal, scale: 1 / HistorySample.shareScale)
    case .gpuUtilizationRatio: Self.share(sample.ratio(.busyMilliseconds, per: .toldMilliseconds))
    case .dummyRatio: Self.share(sample.ratio(.dummyMilliseconds, per: .toldMilliseconds))
    case .preemptionsPerSecond: sample.ratio(.preemptions, per: .rankMilliseconds, scale: 1000)
    }
  }

  /// Counters of one second are read one after the other, so that a part may be ahead of its whole.
  private static func share(_ value: Double?) -> Double? { value.map { min(1, $0) } }
}
