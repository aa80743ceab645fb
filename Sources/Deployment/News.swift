public import ControlAPI

/// Something that happened to an application's processes.
///
/// Every event names the life it is about, so that news of a former life changes nothing.
public enum News: Sendable, Equatable {
  /// News of a rank.
  case rank(RankNews, group: Int, rank: Int, epoch: Int)
  /// A draining group has no request left.
  case drained(group: Int, epoch: Int)
  /// News of an ingress replica.
  case ingress(IngressNews, index: Int, life: Int)
  /// News of a front; a table is what it is told of the ingress replicas.
  case front(IngressNews, index: Int, life: Int)
  /// The requests that run or wait at each ingress replica, by index.
  case ingressLoad([Int: Double])
  /// The requests that the ingress has at each rank, and those that wait there for any.
  case groupLoad([ReplicaName: Double], waiting: Double)
  /// Which replicas that serve have given no sign of life for a whole check.
  case silent([ReplicaName: Silence])
  /// Time has passed.
  case tick
}

/// News of a rank.
public enum RankNews: Sendable, Equatable {
  /// Its process could not be started; a permanent reason will not go away by trying again.
  case notStarted(String, isPermanent: Bool)
  /// Its start came to a phase, or further in it (0…1).
  case progressed(ReplicaPhase, Double)
  /// It answered a completion.
  case ready
  /// There is work for it, and it has made no step for so long.
  case stoodStill(for: Duration)
  /// It has given no sign of life for so long that it is taken for dead.
  case silent(for: Duration)
  /// Its process lives on, and another of the rank that it cannot serve without has ended.
  case lost(part: String)
  /// Its process ended; the last line of its log tells why.
  case ended(ProcessEnd, lastLine: String?)
}

/// News of an ingress replica.
public enum IngressNews: Sendable, Equatable {
  /// Its process could not be started.
  case notStarted(String, isPermanent: Bool)
  /// It took over the rank table of this version.
  case acknowledged(version: Int)
  /// It has given no sign of life for so long that it is taken for dead.
  case silent(for: Duration)
  /// Its process ended.
  case ended(ProcessEnd, lastLine: String?)
}
