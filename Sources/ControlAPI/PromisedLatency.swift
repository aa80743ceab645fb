/// What the manifest's `slo` promises of latencies; what it does not promise is absent.
public struct PromisedLatency: Codable, Sendable, Hashable {
  /// Time to first token.
  public var ttftSeconds: Double?
  /// Time per output token.
  public var tpotSeconds: Double?

  enum CodingKeys: String, CodingKey {
    case ttftSeconds = "ttft_seconds"
    case tpotSeconds = "tpot_seconds"
  }

  /// States a promise; nil when nothing is promised.
  public init?(ttftSeconds: Double?, tpotSeconds: Double?) {
    guard ttftSeconds != nil || tpotSeconds != nil else { return nil }
    self.ttftSeconds = ttftSeconds
    self.tpotSeconds = tpotSeconds
  }

  /// What is promised of a kind of duration; nil for nothing.
  public subscript(_ metric: LatencyMetric) -> Double? {
    switch metric {
    case .ttft: ttftSeconds
    case .tpot: tpotSeconds
    case .itl, .e2e: nil
    }
  }
}
