import ControlAPI

/// A rank table that a replica has been told of and has not taken.
struct AwaitedTable: Sendable, Equatable, Codable {
  let version: Int
  let since: Duration
}

/// One ingress process, and the index that its lives share.
public struct IngressReplica: Sendable, Equatable, Codable {
  /// What a replica does.
  public enum Phase: Sendable, Equatable, Codable {
    /// Its process starts and has not taken a rank table yet.
    case starting
    /// It takes requests.
    case running
    /// Its start stood still; it is ended, and started again.
    case ending
    /// It finishes its requests, and is not replaced.
    case stopping
    /// It waits for its next start.
    case backoff(until: Duration)
    /// It is not started again.
    case failed
    /// It is gone.
    case removed
  }

  /// The index: its number in names and in the load board.
  public let index: Int
  /// What it was started with.
  public let spec: IngressSpec
  /// The present life of the index.
  public internal(set) var life: Int
  /// What it does.
  public internal(set) var phase = Phase.starting
  /// When it began to do so.
  public internal(set) var since: Duration
  /// Lives that followed a failure.
  public internal(set) var restarts = 0
  /// The version of the rank table it took last; 0 before the first.
  public internal(set) var tableVersion = 0
  /// The last failure since it ran; nil while all is well.
  public internal(set) var failure: Failure?
  /// The rank table that it must still take, and since when there is one; nil where it has the newest.
  var awaited: AwaitedTable?
  /// Why it is being ended while it runs; nil where it is not.
  var verdict: Failure.Cause?
  var budget: RestartBudget

  /// A process gets this long to take its first rank table.
  static let startTimeout = Duration.seconds(15)
  /// One that runs gets this long to take another.
  static let tableTimeout = Duration.seconds(30)

  init(index: Int, life: Int, spec: IngressSpec, at now: Duration, _ effects: inout [Effect]) {
    self.index = index
    self.life = life
    self.spec = spec
    since = now
    budget = RestartBudget(seed: 0x100 + UInt64(truncatingIfNeeded: index))
    effects.append(.launchIngress(IngressLaunch(index: index, life: life, ingress: spec)))
  }

  /// `ingress-3`; `front-0` of a front.
  public var id: String { "\(spec.isFront ? ReplicaName.front(index) : .ingress(index))" }

  /// Its process as others name it.
  public var place: ProcessPlace {
    spec.isFront ? .front(index: index, life: life) : .ingress(index: index, life: life)
  }

  /// Whether it counts as one of the replicas that are asked for.
  var isWanted: Bool { phase != .stopping && phase != .removed }

  /// When time alone will change it; nil when never.
  var nextDeadline: Duration? {
    switch phase {
    case .starting: since + Self.startTimeout
    case .backoff(let until): until
    case .running where verdict == nil: tableDeadline
    default: nil
    }
  }
}

extension IngressReplica {
  /// When a replica that runs is given up for not taking the rank table; nil where it has the newest.
  var tableDeadline: Duration? { awaited.map { $0.since + Self.tableTimeout } }

  /// There is another rank table for it.
  mutating func mustTake(_ version: Int, at now: Duration) {
    guard phase == .running, tableVersion < version else { return }
    awaited = AwaitedTable(version: version, since: awaited?.since ?? now)
  }

  /// Takes news of this replica.
  mutating func handle(_ news: IngressNews, life: Int, at now: Duration, _ effects: inout [Effect]) {
    guard life == self.life else { return }
    switch news {
    case .acknowledged(let version):
      tableVersion = max(tableVersion, version)
      if let awaited, tableVersion >= awaited.version { self.awaited = nil }
      if phase == .starting {
        enter(.running, at: now)
        failure = nil
      }
    case .silent(let time):
      condemn(.silent(for: time), &effects)
    case .notStarted(let reason, let isPermanent):
      died(.notStarted(reason, isPermanent: isPermanent), lastLine: nil, at: now, &effects)
    case .ended(let end, let lastLine): died(.ended(end), lastLine: lastLine, at: now, &effects)
    }
  }

  /// Looks at the clock.
  mutating func tick(at now: Duration, _ effects: inout [Effect]) {
    guard let deadline = nextDeadline, now >= deadline else { return }
    switch phase {
    case .starting:
      enter(.ending, at: now)
      effects.append(stopEffect(grace: .zero))
    case .backoff: restart(at: now, &effects)
    case .running: condemn(.deaf(for: Self.tableTimeout), &effects)
    default: break
    }
  }

  /// Ends the replica for good, after its requests.
  mutating func stop(grace: Duration, reason: String, at now: Duration, _ effects: inout [Effect]) {
    switch phase {
    case .starting, .running:
      let isServing = phase == .running
      enter(.stopping, at: now)
      effects.append(stopEffect(grace: isServing ? grace : .zero))
      record(.info, .ingressStopping, "\(id) is stopped: \(reason)", &effects)
    case .backoff, .failed: enter(.removed, at: now)
    case .ending: enter(.stopping, at: now)
    case .stopping, .removed: break
    }
  }

  /// Ends a process that lives and does not serve; what follows is what follows any death.
  private mutating func condemn(_ cause: Failure.Cause, _ effects: inout [Effect]) {
    guard phase == .running, verdict == nil else { return }
    verdict = cause
    effects.append(stopEffect(grace: .zero))
  }

  /// The order to end it.
  func stopEffect(grace: Duration) -> Effect {
    spec.isFront
      ? .stopFront(index: index, life: life, grace: grace)
      : .stopIngress(index: index, life: life, grace: grace)
  }

  private mutating func died(
    _ cause: Failure.Cause, lastLine: String?, at now: Duration, _ effects: inout [Effect]
  ) {
    if phase == .stopping { enter(.removed, at: now) }
    guard [.starting, .running, .ending].contains(phase) else { return }
    let failure = Failure(
      replica: id, epoch: life,
      cause: verdict ?? (phase == .ending ? .stalled(.spawn, for: Self.startTimeout) : cause),
      lastLine: lastLine, phase: phase == .running ? nil : .spawn)
    self.failure = failure
    record(.error, .ingressDied, "\(failure); life \(failure.epoch)", cause: failure, &effects)
    let uptime = phase == .running ? now - since : .zero
    if failure.isPermanent {
      fail("it would fail the same way", failure, at: now, &effects)
      return
    }
    switch budget.decide(at: now, uptime: uptime) {
    case .exhausted:
      let spent = "\(RestartBudget.limit) restarts in \(RestartBudget.window.words) are used up"
      fail(spent, failure, at: now, &effects)
    case .restart(let delay):
      restarts += 1
      if delay == .zero { restart(at: now, &effects) } else { enter(.backoff(until: now + delay), at: now) }
    }
  }

  private mutating func fail(
    _ reason: String, _ failure: Failure, at now: Duration, _ effects: inout [Effect]
  ) {
    enter(.failed, at: now)
    record(
      .error, .ingressFailed, "\(id) is not started again, \(reason): \(failure)", cause: failure, &effects)
  }

  private mutating func restart(at now: Duration, _ effects: inout [Effect]) {
    life += 1
    (verdict, awaited) = (nil, nil)
    tableVersion = 0
    enter(.starting, at: now)
    effects.append(.launchIngress(IngressLaunch(index: index, life: life, ingress: spec)))
  }

  private mutating func enter(_ phase: Phase, at now: Duration) {
    self.phase = phase
    since = now
  }

  private func record(
    _ severity: Severity, _ kind: EventRecord.Kind, _ message: String, cause: Failure? = nil,
    _ effects: inout [Effect]
  ) {
    let life = life
    effects.append(.record(EventRecord(severity, kind, subject: id, epoch: life, message, cause: cause)))
  }
}
