import ControlAPI
import Telemetry

/// Statuses of the past, as many as memory allows: what travelling in time shows.
struct Timeline: Sendable, Equatable {
  /// A status, and when it was received.
  struct Moment: Sendable, Equatable {
    var time: Double
    var status: Status
  }

  /// Replicas of all moments together; each takes about half a kilobyte.
  private static let mostReplicas = 12_000
  private static let longest = 600

  private var moments: [Moment] = []
  private var replicas = 0
  /// A recording is looked at as a whole, however long.
  var isUnlimited = false

  /// The first and last moment that can be gone to.
  var span: ClosedRange<Double>? {
    guard let first = moments.first, let last = moments.last else { return nil }
    return first.time...last.time
  }

  mutating func append(_ status: Status, at time: Double) {
    moments.append(Moment(time: time, status: status))
    replicas += Self.count(status)
    while !isUnlimited, moments.count > 1, moments.count > Self.longest || replicas > Self.mostReplicas {
      replicas -= Self.count(moments.removeFirst().status)
    }
  }

  /// The last moment that is not after `time`, else the first.
  func moment(at time: Double) -> Moment? {
    var low = 0
    var high = moments.count
    while low < high {
      let middle = (low + high) / 2
      if moments[middle].time <= time { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? moments[low - 1] : moments.first
  }

  private static func count(_ status: Status) -> Int {
    status.applications.reduce(0) { $0 + $1.deployments.reduce(0) { $0 + $1.replicas.count } }
  }
}

extension World {
  /// The world as it was known at a moment.
  func at(_ time: Double) -> World? {
    guard let moment = timeline.moment(at: time) else { return nil }
    return with(moment, until: max(time, moment.time))
  }
}
