public import ControlAPI

/// One data-parallel group: its ranks live and die together.
///
/// A death ends the whole epoch once, however many ranks die; the group comes back as epoch + 1 within its budget.
public struct RankGroup: Sendable, Equatable, Codable {
  /// What a group does.
  public enum Phase: Sendable, Equatable, Codable {
    /// Its ranks start.
    case starting
    /// Every rank answered a completion.
    case running
    /// It takes no new request; at the deadline the rest is cut off.
    case draining(until: Duration, then: Next)
    /// Its processes are being ended.
    case stopping(then: Next)
    /// It waits for its next start.
    case backoff(until: Duration)
    /// It is not started again.
    case failed
    /// It is gone.
    case removed
  }

  /// What follows the end of a group's processes.
  public enum Next: Sendable, Equatable, Codable {
    /// A new life, if the budget has one.
    case recovery
    /// A new life that the operator wants: no question of budget.
    case replacement
    /// Nothing.
    case removal
  }

  /// A rank of the present epoch.
  public struct Rank: Sendable, Equatable, Codable {
    /// How far its start came.
    public internal(set) var phase = ReplicaPhase.spawn
    /// How far it is in the phase, 0…1.
    public internal(set) var progress = 0.0
    /// Whether it answered a completion.
    public internal(set) var isReady = false
    /// Whether its process is there, as far as we know.
    public internal(set) var isAlive = true
    /// The epoch in which its process was started.
    public internal(set) var epoch: Int
    /// Processes that came after its first in this life of the group.
    public internal(set) var restarts = 0
    /// Since when it has answered; nil before.
    var readySince: Duration?
    /// When it is started again; nil when it lives, or is given up.
    var restart: Duration?
    /// Why it is being ended while the others of its group go on; nil where it is not.
    var verdict: Failure.Cause?
    /// The budget of its own restarts, where the group outlives them.
    var budget: RestartBudget

    init(epoch: Int, seed: UInt64) {
      self.epoch = epoch
      budget = RestartBudget(seed: seed)
    }

    var serves: Bool { isReady && isAlive }
    /// Whether its process is on its way to answering.
    public var isStarting: Bool { isAlive && !isReady }
  }

  /// The group's number.
  public let index: Int
  /// What its present life was started with.
  public internal(set) var engine: EngineSpec
  /// The node of each rank.
  public internal(set) var nodes: [Int]
  /// The number of its newest processes; 0 before the first.
  public internal(set) var epoch: Int
  /// The epoch in which its present life began.
  public internal(set) var life = 0
  /// What it does.
  public internal(set) var phase = Phase.starting
  /// When it began to do so.
  public internal(set) var since: Duration
  /// Its ranks.
  public internal(set) var ranks: [Rank] = []
  /// Lives that followed a failure.
  public internal(set) var restarts = 0
  /// The last failure since it ran; nil while all is well.
  public internal(set) var failure: Failure?
  /// Its restart budget.
  public internal(set) var budget: RestartBudget
  /// How long its last complete start took; nil before the first.
  public internal(set) var startTime: Duration?
  /// When its start last moved.
  public internal(set) var lastProgress: Duration

  /// How long the group had run at its last failure; nil before one.
  var failedAfter: Duration?

  var pending: (engine: EngineSpec, nodes: [Int])? {
    get { pendingEngine.map { ($0, pendingNodes) } }
    set {
      pendingEngine = newValue?.engine
      pendingNodes = newValue?.nodes ?? []
    }
  }
  var pendingEngine: EngineSpec?
  var pendingNodes: [Int] = []
  var startTimeout: Duration
  /// How long the life that is ending had run.
  var uptime = Duration.zero

  /// Processes get this long to obey a SIGTERM once nothing is left to wait for.
  static let stopGrace = Duration.seconds(10)

  init(
    index: Int, engine: EngineSpec, nodes: [Int], startTimeout: Duration, lastEpoch: Int = 0,
    at now: Duration, effects: inout [Effect]
  ) {
    self.index = index
    self.engine = engine
    self.nodes = nodes
    self.startTimeout = startTimeout
    epoch = lastEpoch
    since = now
    lastProgress = now
    budget = RestartBudget(seed: UInt64(truncatingIfNeeded: index))
    start(at: now, &effects)
  }

  /// The id of a rank: `dp3`, and `g1-dp3` beyond the first group.
  public func replica(_ rank: Int) -> String { "\(ReplicaName.rank(group: index, rank: rank))" }

  /// The group's name in messages.
  var name: String { "group \(index)" }

  /// Whether requests are sent to it, or still run in it.
  var isServing: Bool {
    switch phase {
    case .running, .draining: true
    default: false
    }
  }

  /// What it will be once pending changes are through.
  var targetEngine: EngineSpec { pendingEngine ?? engine }

  /// Whether it served and is being brought back after a failure.
  var isComingBack: Bool {
    guard startTime != nil, pendingEngine == nil else { return false }
    switch phase {
    case .starting: return failure != nil
    case .stopping(.recovery), .backoff: return true
    default: return false
    }
  }

  /// Ranks that answer.
  var readyCount: Int { ranks.count(where: \.serves) }

  /// Whether every rank answers.
  var isWhole: Bool { ranks.allSatisfy(\.serves) }

  /// When time alone will change it; nil when never.
  var nextDeadline: Duration? {
    switch phase {
    case .starting: lastProgress + startTimeout
    case .draining(let until, _), .backoff(let until): until
    case .running: replacementDeadline
    default: nil
    }
  }

  /// When a start that stands still is given up.
  var startDeadline: Duration { lastProgress + startTimeout }
}
