public import Telemetry

/// What is kept of one step of the past of an application or a rank; empty where nothing was known.
public struct HistorySample: Sendable, Equatable {
  private var numbers = [Int64](repeating: 0, count: HistoryField.allCases.count)
  /// Times to first token, in buckets of the history's own.
  public private(set) var ttft = QuantileSketch()
  /// Times per output token, in the same.
  public private(set) var tpot = QuantileSketch()

  /// A step of which nothing is known.
  public init() {}

  init(numbers: [Int64], ttft: QuantileSketch, tpot: QuantileSketch) {
    (self.numbers, self.ttft, self.tpot) = (numbers, ttft, tpot)
  }

  /// A number of the step.
  public subscript(field: HistoryField) -> Int64 {
    get { numbers[field.rawValue] }
    set { numbers[field.rawValue] = newValue }
  }

  /// Takes what another step knows into this one.
  public mutating func merge(_ other: HistorySample) {
    for field in HistoryField.allCases {
      self[field] = field.keepsGreatest ? max(self[field], other[field]) : self[field] &+ other[field]
    }
    ttft.merge(other.ttft)
    tpot.merge(other.tpot)
  }

  /// Counts latencies.
  public mutating func count(ttft: QuantileSketch, tpot: QuantileSketch) {
    self.ttft.merge(HistoryBuckets.coarse(ttft))
    self.tpot.merge(HistoryBuckets.coarse(tpot))
  }

  /// One field over another; nil when the divisor is zero, as nothing was known then.
  public func ratio(_ field: HistoryField, per divisor: HistoryField, scale: Double = 1) -> Double? {
    self[divisor] > 0 ? Double(self[field]) / Double(self[divisor]) * scale : nil
  }

  /// A greatest value; nil when nobody was read.
  public func most(_ field: HistoryField, of readings: HistoryField, scale: Double = 1) -> Double? {
    self[readings] > 0 ? Double(self[field]) * scale : nil
  }

  var isEmpty: Bool { ttft.count == 0 && tpot.count == 0 && numbers.allSatisfy { $0 == 0 } }
}

extension HistorySample? {
  /// Takes what a step knows into one of which nothing may be known yet.
  mutating func merge(_ sample: HistorySample) {
    if self?.merge(sample) == nil { self = sample }
  }
}
