public import ControlAPI

/// What a look at an application saw: the input of every rule.
public struct Observation: Sendable {
  /// When, in seconds of any clock that only goes forward.
  public var time: Double
  /// The same moment for people, RFC 3339 in UTC.
  public var timestamp: String
  /// The application as it was.
  public let application: ApplicationStatus
  /// What the manifest asks of it.
  public var settings: ServingSettings
  /// The accelerators of its machine.
  public var devices: [DeviceStatus]
  /// How often each replica was restarted lately; ``Diagnosis`` remembers.
  var restarts = RestartHistory()

  // Every rule asks for these.
  let allRanks: [ReplicaStatus]
  /// The ranks whose readings count.
  let ranks: [ReplicaStatus]
  /// The ingress replicas whose readings count.
  let ingress: [ReplicaStatus]

  /// Records a look.
  public init(
    time: Double, timestamp: String, application: ApplicationStatus, settings: ServingSettings,
    devices: [DeviceStatus] = []
  ) {
    self.time = time
    self.timestamp = timestamp
    self.application = application
    self.settings = settings
    self.devices = devices
    let replicas = application.deployments.flatMap(\.replicas)
    allRanks = replicas.filter { $0.role == .rank }
    ranks = allRanks.filter { $0.state == .running && !$0.stale }
    ingress = replicas.filter { $0.role == .ingress && $0.state == .running && !$0.stale }
  }

  /// The devices that ranks compute on, each with its rank.
  var rankDevices: [(rank: ReplicaStatus, device: DeviceStatus)] {
    allRanks.flatMap { rank in
      devices.filter { rank.devices?.contains($0.index) == true }.map { (rank: rank, device: $0) }
    }
  }

  var metrics: ApplicationMetrics { application.metrics }

  /// The replicas that serve, whether or not their readings can be trusted.
  var serving: [ReplicaStatus] {
    application.deployments.flatMap(\.replicas).filter { [.running, .cordoned].contains($0.state) }
  }

  /// The deployment of the ranks.
  var server: DeploymentStatus? { application.deployments.first { $0.name.hasPrefix("DPServer:") } }

  /// Requests that wait, in the ingress and inside the ranks; nil when neither is known.
  var queued: Int? {
    let known = [metrics.queueDepth.value, metrics.waiting.value].compactMap(\.self)
    return known.isEmpty ? nil : known.reduce(0, +)
  }

  /// The fresh ranks of each group with at least two of them.
  var groups: [[ReplicaStatus]] {
    Dictionary(grouping: ranks) { $0.group ?? 0 }.sorted { $0.key < $1.key }.map(\.value).filter {
      $0.count > 1
    }
  }
}

/// When the counts of replicas' restarts grew.
///
/// A count that falls belongs to another replica of the same name, which a rollout or a restart by hand put there: what
/// became of the former one says nothing about it.
struct RestartHistory: Sendable {
  /// So much is remembered, in seconds.
  static let memory = 600.0
  private var counts: [String: Int] = [:]
  private var times: [String: [Double]] = [:]
  private let seesBeginning: Bool

  /// Begins with an application that begins, too, or with one that has run: then its first counts are no news.
  init(seesBeginning: Bool = false) { self.seesBeginning = seesBeginning }

  /// Takes a look.
  mutating func note(_ replicas: [ReplicaStatus], at time: Double) {
    for replica in replicas {
      let former = counts[replica.id] ?? (seesBeginning ? 0 : replica.restarts)
      let isAnother = replica.restarts < former
      let new = isAnother ? replica.restarts : replica.restarts - former
      counts[replica.id] = replica.restarts
      let kept = isAnother ? [] : (times[replica.id] ?? []).filter { time - $0 < Self.memory }
      times[replica.id] = kept + Array(repeating: time, count: max(0, new))
    }
  }

  /// Restarts of a replica in the last `seconds` before `time`.
  func count(of replica: String, within seconds: Double = memory, before time: Double) -> Int {
    (times[replica] ?? []).count { time - $0 <= seconds }
  }
}
