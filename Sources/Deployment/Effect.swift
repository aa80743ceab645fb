/// Something the controller is asked to do.
///
/// Each launch is answered by events until the process's end; each stop by that end.
public enum Effect: Sendable, Equatable {
  /// Start ranks of a group, together.
  case launchGroup(GroupLaunch)
  /// End these ranks and all their descendants; nil `grace` kills at once, otherwise they are asked first.
  case stopRanks(group: Int, epoch: Int, ranks: [Int], grace: Duration?)
  /// Tell when the group has no request left.
  case watchDrain(group: Int, epoch: Int)
  /// Start an ingress replica.
  case launchIngress(IngressLaunch)
  /// Ask an ingress replica to finish its requests and end, and end it after `grace`.
  case stopIngress(index: Int, life: Int, grace: Duration)
  /// Have an ingress replica send its clients elsewhere, or take them again.
  case cordonIngress(index: Int, Bool)
  /// Have a front take no more connections, end when those that it has are done with, and end it after `grace`.
  case stopFront(index: Int, life: Int, grace: Duration)
  /// Tell every front what to do with the ingress replicas.
  case publishSlots(FrontSlots)
  /// Give every ingress replica this rank table.
  case publish(RankTable)
  /// Append to the event log.
  case record(EventRecord)
  /// Carry out an earlier revision again, since the present one failed for this reason.
  case rollBack(to: Int, because: String)
  /// Everything has ended: remove the application's sockets, shared memory and run files.
  case dismantle
}

/// The start of a group's next life, or of single ranks that join one.
public struct GroupLaunch: Sendable, Equatable {
  /// The group.
  public let group: Int
  /// The epoch of the new processes.
  public let epoch: Int
  /// The epoch whose shared segment they use: their own for a new life, an earlier one to join.
  public let life: Int
  /// The ranks to start.
  public let ranks: [Int]
  /// What each rank is started with.
  public let engine: EngineSpec
  /// The node of each rank.
  public let nodes: [Int]
}

/// The start of an ingress replica.
public struct IngressLaunch: Sendable, Equatable {
  /// The replica's index: its number in names and in the load board.
  public let index: Int
  /// The life of that index.
  public let life: Int
  /// What it is started with.
  public let ingress: IngressSpec
}

/// Where requests may go.
public struct RankTable: Sendable, Equatable, Codable {
  /// One rank of the table.
  public struct Entry: Sendable, Equatable, Codable {
    /// The rank's group.
    public let group: Int
    /// The rank.
    public let rank: Int
    /// The epoch it runs in.
    public let epoch: Int
    /// Requests it runs at once.
    public let capacity: Int
    /// Whether it only finishes what it has.
    public let isDraining: Bool
  }

  /// Grows with each change.
  public let version: Int
  /// The ranks, by group and rank.
  public let entries: [Entry]
}
