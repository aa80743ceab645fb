/// A part of a rank's start, as timelines tell it.
public enum StartPhase: String, Codable, Sendable, CaseIterable {
  /// From its launch until its program does its own work.
  case spawn
  /// It maps and checks the weights.
  case loadWeights = "load_weights"
  /// It sets up its KV blocks.
  case kvAlloc = "kv_alloc"
  /// It meets the other ranks of its group.
  case rendezvous
  /// It runs a first step.
  case warmup
  /// It serves, and has not answered the controller's completion yet.
  case firstAnswer = "first_answer"

  /// Whether ranks wait for each other in it, so that its length says nothing about the rank itself.
  public var isShared: Bool { [.rendezvous, .warmup, .firstAnswer].contains(self) }
}

/// What became of a rank's start.
public enum StartOutcome: String, Codable, Sendable, CaseIterable {
  /// It goes on.
  case starting
  /// The rank answered a completion.
  case started
  /// The process ended before.
  case failed
}

/// The start of one life of a rank, part by part.
public struct RankStart: Codable, Sendable, Hashable {
  /// The rank's id, as in its status.
  public var replica: String
  /// Its group.
  public var group: Int
  /// Its number in the group.
  public var rank: Int
  /// The life.
  public var epoch: Int
  /// When it was launched, RFC 3339 in UTC.
  public var startedAt: String
  /// What became of it.
  public var outcome: StartOutcome
  /// The parts that it went through, in their order; the last may go on.
  public var phases: [PhaseTime]
  /// All of it.
  public var seconds: Double

  /// How long a part took.
  public struct PhaseTime: Codable, Sendable, Hashable {
    /// Which part.
    public var phase: StartPhase
    /// How long it took, or has gone on.
    public var seconds: Double

    /// Records a part.
    public init(_ phase: StartPhase, seconds: Double) {
      self.phase = phase
      self.seconds = seconds
    }
  }

  /// Records a start.
  public init(
    replica: String, group: Int, rank: Int, epoch: Int, startedAt: String, outcome: StartOutcome,
    phases: [PhaseTime]
  ) {
    self.replica = replica
    self.group = group
    self.rank = rank
    self.epoch = epoch
    self.startedAt = startedAt
    self.outcome = outcome
    self.phases = phases
    seconds = phases.reduce(0) { $0 + $1.seconds }
  }

  /// How long a part took; nil when the rank did not come to it.
  public func seconds(of phase: StartPhase) -> Double? {
    phases.first { $0.phase == phase }?.seconds
  }
}

/// The ranks of a group that were started together.
public struct GroupStart: Codable, Sendable, Hashable {
  /// The group.
  public var group: Int
  /// The life.
  public var epoch: Int
  /// How long the slowest rank took.
  public var seconds: Double
  /// Its ranks, by number.
  public var ranks: [RankStart]
  /// What took longest; absent while nothing took time.
  public var bottleneck: Bottleneck?

  /// Puts ranks of one life together.
  public init(group: Int, epoch: Int, ranks: [RankStart]) {
    self.group = group
    self.epoch = epoch
    self.ranks = ranks
    seconds = ranks.map(\.seconds).max() ?? 0
    bottleneck = Bottleneck(of: ranks)
  }
}

/// The part of a start that cost the group most.
public struct Bottleneck: Codable, Sendable, Hashable {
  /// Which part.
  public var phase: StartPhase
  /// The rank that took longest over it; absent where all take the same time together.
  public var replica: String?
  /// What it cost.
  public var seconds: Double
  /// The median over the other ranks; absent where there is none, or all go together.
  public var othersSeconds: Double?

  /// Looks for it: a rank's own work costs the group what the slowest rank took, what ranks do together only what the
  /// last to come to it took, as the others waited for that one.
  init?(of ranks: [RankStart]) {
    var found: Bottleneck?
    for phase in StartPhase.allCases {
      let times = ranks.compactMap { rank in
        rank.seconds(of: phase).map { (replica: rank.replica, seconds: $0) }
      }.sorted { $0.seconds > $1.seconds }
      guard let slowest = times.first, let quickest = times.last else { continue }
      let isShared = phase.isShared && ranks.count > 1
      let cost = isShared ? quickest.seconds : slowest.seconds
      guard cost > found?.seconds ?? 0 else { continue }
      found = Bottleneck(
        phase: phase, replica: isShared ? nil : slowest.replica, seconds: cost,
        othersSeconds: isShared ? nil : Self.median(times.dropFirst().map(\.seconds)))
    }
    guard let found else { return nil }
    self = found
  }

  private init(phase: StartPhase, replica: String?, seconds: Double, othersSeconds: Double?) {
    self.phase = phase
    self.replica = replica
    self.seconds = seconds
    self.othersSeconds = othersSeconds
  }

  private static func median(_ descending: [Double]) -> Double? {
    descending.isEmpty ? nil : descending[descending.count / 2]
  }
}

/// The starts of an application: the answer of `GET /v1/applications/NAME/timeline`.
public struct StartTimeline: Codable, Sendable, Hashable {
  /// Always `dpdeploy/v1`.
  public var apiVersion = "dpdeploy/v1"
  /// Always `Timeline`.
  public var kind = "Timeline"
  /// The version of this shape.
  public var schemaVersion = "1.0"
  /// The application.
  public var application: String
  /// What was started together, by group, the newest of each first.
  public var starts: [GroupStart]

  /// Puts the ranks' starts in order.
  public init(application: String, ranks: [RankStart]) {
    self.application = application
    starts = Dictionary(grouping: ranks) { [$0.group, $0.epoch] }.map { key, ranks in
      GroupStart(group: key[0], epoch: key[1], ranks: ranks.sorted { $0.rank < $1.rank })
    }.sorted { ($0.group, $1.epoch) < ($1.group, $0.epoch) }
  }
}
