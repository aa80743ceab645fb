import ControlAPI
import Glibc

/// How replicas of one kind differ: medians, extremes, and the place of one among them.
struct Fleet {
  /// The replicas whose readings count.
  let replicas: [ReplicaStatus]

  init(_ replicas: [ReplicaStatus]) {
    self.replicas = replicas.filter { !$0.stale && $0.state == .running }
  }

  /// The known readings, in ascending order.
  func sorted(_ reading: (ReplicaStatus) -> Double?) -> [Double] { replicas.compactMap(reading).sorted() }

  /// The middle reading, the lower one of two; nil when none is known.
  func median(_ reading: (ReplicaStatus) -> Double?) -> Double? {
    let values = sorted(reading)
    return values.isEmpty ? nil : values[(values.count - 1) / 2]
  }

  /// The replica of the greatest reading.
  func most(_ reading: (ReplicaStatus) -> Double?) -> (id: String, value: Double)? {
    replicas.compactMap { replica in reading(replica).map { (id: replica.id, value: $0) } }
      .max { $0.value < $1.value }
  }

  /// The sum of the known readings; nil when none is known.
  func sum(_ reading: (ReplicaStatus) -> Double?) -> Double? {
    let values = replicas.compactMap(reading)
    return values.isEmpty ? nil : values.reduce(0, +)
  }

  /// The standard deviation over the mean; nil for fewer than two readings, or a mean of nothing.
  func variation(_ reading: (ReplicaStatus) -> Double?) -> Double? {
    let values = replicas.compactMap(reading)
    let mean = values.reduce(0, +) / Double(max(1, values.count))
    guard values.count > 1, mean > 0 else { return nil }
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    return sqrt(variance) / mean
  }

  /// The place of a value from the smallest, counted from 1.
  func place(of value: Double, _ reading: (ReplicaStatus) -> Double?) -> Int {
    sorted(reading).count { $0 < value } + 1
  }
}
