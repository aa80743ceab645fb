public import ControlAPI
public import Telemetry

/// What is charted of a replica.
public enum ReplicaReading: Int, Sendable, CaseIterable {
  case busy, cache, running, waiting, tokens, ttft, tpot, cpu
}

/// One second of a replica, as compact as a console of many replicas needs it.
public struct ReplicaSample: Sendable, Equatable, TimedSample {
  /// Seconds since 1970.
  public var time: Double
  /// The readings; all are at least 0, so that less means unknown.
  private var values: SIMD8<Float>

  /// Keeps what a status says.
  public init(_ replica: ReplicaStatus, time: Double) {
    self.time = time
    let readings: [Double?] = [
      replica.gpuUtilizationRatio?.value, replica.kvUsageRatio?.value, replica.running.value.map(Double.init),
      replica.waiting.value.map(Double.init), replica.generationTokensPerSecond.value,
      replica.ttftP50Seconds.value, replica.tpotP50Seconds.value, replica.cpuRatio.value,
    ]
    values = SIMD8(readings.map { $0.map { Float(max(0, $0)) } ?? -1 })
  }

  /// A reading; nil when it was not known.
  public subscript(_ reading: ReplicaReading) -> Double? {
    let value = values[reading.rawValue]
    return value < 0 ? nil : Double(value)
  }
}

/// The last minutes of every replica, as this console saw them.
public struct ReplicaTracks: Sendable, Equatable {
  /// Samples of all replicas together: memory stays small whatever their number.
  private static let mostSamples = 40_000
  private static let longest = 600

  private var rings: [String: Ring<ReplicaSample>] = [:]

  init() {}

  /// The samples of a replica, oldest first.
  public subscript(_ id: String) -> Ring<ReplicaSample>? { rings[id] }

  /// Takes a second over; what is stale tells nothing about it.
  mutating func append(_ replicas: [ReplicaStatus], time: Double) {
    let capacity = max(30, min(Self.longest, Self.mostSamples / max(1, replicas.count)))
    for replica in replicas where !replica.stale && replica.state == .running {
      if let last = rings[replica.id]?.last, last.time >= time { continue }
      rings[replica.id, default: Ring(capacity: capacity)].append(ReplicaSample(replica, time: time))
    }
    guard rings.count > replicas.count else { return }
    let present = Set(replicas.map(\.id))
    rings = rings.filter { present.contains($0.key) }
  }
}
