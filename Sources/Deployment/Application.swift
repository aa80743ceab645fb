import ControlAPI

/// One application's state machine: wishes, news and time go in, effects come out.
///
/// It has no clock and does no I/O. `now` is the time on any monotonic clock, the same one in every call.
public struct Application: Sendable, Equatable, Codable {
  /// What it is asked to be.
  public private(set) var spec: ApplicationSpec
  /// The number of that wish; grows with each accepted change.
  public private(set) var revision: Int
  /// The groups, by number; those that are going away included.
  public internal(set) var groups: [RankGroup] = []
  /// The ingress replicas.
  public internal(set) var ingress: IngressSet
  /// The processes that clients connect to before the ingress: one, and those that it replaces; nil where there was
  /// never one.
  public internal(set) var front: IngressSet?
  /// What the front is to do with each ingress replica; nil where there is none.
  public internal(set) var frontSlots: FrontSlots?
  /// The front's status; nil where there is none.
  public internal(set) var frontCondition: DeploymentCondition?
  /// Where requests may go now.
  public internal(set) var table = RankTable(version: 0, entries: [])
  /// The rank deployment's status.
  public internal(set) var serverCondition: DeploymentCondition
  /// The ingress deployment's status.
  public internal(set) var ingressCondition: DeploymentCondition
  /// Whether it is being taken down.
  public private(set) var isDeleting = false
  /// Whether nothing is left of it.
  public private(set) var isGone = false

  /// Replicas that an operator keeps new requests away from.
  @OrEmpty public internal(set) var cordons: Set<ReplicaName> = []

  /// Replicas that serve and have given no sign of life for a whole check.
  @OrEmpty public internal(set) var silent: [ReplicaName: Silence] = [:]

  /// How the rollout of its revision goes.
  public internal(set) var rollout = Rollout()

  /// Moves the number of ingress replicas; nil where that is fixed.
  private(set) var ingressScaler: Autoscaler?
  /// Moves the number of groups, counted in ranks; nil where that is fixed.
  var groupScaler: Autoscaler?
  /// What the load made of the number of groups; nil where that is fixed.
  var scaledGroups: Int?

  /// When conclusions were drawn last; nil before.
  private var settledAt: Duration?
  var assignment: RankAssignment
  /// When the ranks were assigned.
  let assignedAt: Duration
  var lastEpochs: [Int: Int] = [:]

  /// Begins an application.
  ///
  /// - Parameter lastEpochs: the last epoch of each group under a former controller, so that epochs are never reused.
  /// - Throws: ``PlacementError`` when the ranks find no room.
  public static func begin(
    _ spec: ApplicationSpec, revision: Int, lastEpochs: [Int: Int] = [:], at now: Duration
  ) throws(PlacementError) -> (state: Application, effects: [Effect]) {
    let assignment = try RankAssignment(groups: spec.mostGroups, engine: spec.engine, cluster: spec.cluster)
    var state = Application(spec, revision, assignment, lastEpochs, now)
    var effects: [Effect] = []
    state.reconcile(at: now, &effects)
    state.ingress.want(spec.ingress, count: spec.ingressReplicas, at: now, &effects)
    state.wantFront(at: now, &effects)
    return (state, effects)
  }

  private init(
    _ spec: ApplicationSpec, _ revision: Int, _ assignment: RankAssignment, _ lastEpochs: [Int: Int],
    _ now: Duration
  ) {
    self.spec = spec
    self.revision = revision
    self.assignment = assignment
    self.lastEpochs = lastEpochs
    assignedAt = now
    ingressScaler = spec.ingressScaling.map(Autoscaler.init)
    groupScaler = spec.groupScaling.map { Autoscaler($0.counting(ranks: spec.engine.size)) }
    scaledGroups = spec.groupScaling?.bounded(spec.groups)
    ingress = IngressSet(spec: spec.ingress, count: spec.ingressReplicas, grace: spec.drainTimeout)
    serverCondition = DeploymentCondition(at: now)
    ingressCondition = DeploymentCondition(at: now)
  }

  /// Takes news, or looks at the clock.
  public mutating func handle(_ news: News, at now: Duration) -> [Effect] {
    var effects: [Effect] = []
    switch news {
    case .rank(let news, let group, let rank, let epoch):
      withGroup(group) { $0.handle(news, rank: rank, epoch: epoch, at: now, &effects) }
    case .drained(let group, let epoch):
      withGroup(group) { $0.drained(epoch: epoch, at: now, &effects) }
    case .ingress(let news, let index, let life):
      ingress.handle(news, index: index, life: life, at: now, &effects)
    case .front(let news, let index, let life):
      front?.handle(news, index: index, life: life, at: now, &effects)
    case .ingressLoad(let loads): scaleIngress(loads, at: now, &effects)
    case .groupLoad(let loads, let waiting): scaleGroups(loads, waiting, at: now, &effects)
    case .silent(let silences): hear(silences, at: now, &effects)
    case .tick:
      for place in groups.indices { groups[place].tick(at: now, &effects) }
      ingress.tick(at: now, &effects)
      front?.tick(at: now, &effects)
    }
    settle(at: now, &effects)
    return effects
  }

  /// Asks for something else; a spec that changes nothing only tries again what had failed.
  ///
  /// - Throws: ``PlacementError`` when the ranks find no room; then nothing has changed.
  public mutating func apply(
    _ new: ApplicationSpec, revision: Int, at now: Duration
  ) throws(PlacementError) -> [Effect] {
    assignment = try RankAssignment(groups: new.mostGroups, engine: new.engine, cluster: new.cluster)
    let (old, oldCount) = (spec, groupCount)
    spec = new
    let ingressTarget = ingress.target
    rollout.begin(isNew: revision != self.revision)
    self.revision = revision
    var effects: [Effect] = []
    followScaling()
    followGroupScaling(from: oldCount)
    beginGoals(from: old, oldCount, at: now)
    for place in groups.indices { groups[place].setStartTimeout(new.startTimeout) }
    retryFailed(at: now, &effects)
    ingress.grace = new.drainTimeout
    ingress.want(new.ingress, count: ingressCount(ingressTarget), at: now, &effects)
    wantFront(at: now, &effects)
    settle(at: now, &effects)
    return effects
  }

  /// Takes the application down: first the ingress, then the ranks.
  public mutating func delete(at now: Duration) -> [Effect] {
    guard !isDeleting else { return [] }
    isDeleting = true
    serverCondition.begin(.delete, at: now)
    ingressCondition.begin(.delete, at: now)
    var effects: [Effect] = [.record(EventRecord(.info, .deleting, "\(spec.name) is being deleted"))]
    ingress.want(spec.ingress, count: 0, at: now, &effects)
    wantFront(at: now, &effects)
    settle(at: now, &effects)
    return effects
  }

  /// When time alone will change something; nil when never.
  public var nextDeadline: Duration? {
    let gates = gateDeadlines.filter { $0 > settledAt ?? .zero }
    return
      (groups.compactMap(\.nextDeadline) + [ingress.nextDeadline, front?.nextDeadline].compactMap(\.self)
      + gates)
      .min()
  }

  /// The last epoch of each group, for ``begin(_:revision:lastEpochs:at:)`` of a later controller.
  public var epochs: [Int: Int] {
    groups.reduce(into: lastEpochs) { $0[$1.index] = $1.epoch }
  }
}

extension Application {
  private mutating func followScaling() {
    guard let rule = spec.ingressScaling else { return ingressScaler = nil }
    if ingressScaler == nil { ingressScaler = Autoscaler(rule) } else { ingressScaler?.follow(rule) }
  }

  /// Takes the requests that each running ingress replica has, and follows them.
  private mutating func scaleIngress(_ loads: [Int: Double], at now: Duration, _ effects: inout [Effect]) {
    guard !isDeleting, let rule = spec.ingressScaling else { return }
    let running = Set(ingress.replicas.filter { $0.phase == .running }.map(\.index))
    let before = ingress.target
    let decision = ingressScaler?.decide(
      loads.filter { running.contains($0.key) }, target: before, at: now.seconds)
    guard let decision, decision.target != before else { return }
    ingressCondition.begin(decision.target > before ? .autoUpscale : .autoDownscale, at: now)
    effects.append(
      .record(
        EventRecord(
          .info, .autoscaled, subject: Self.ingressName,
          "\(before) → \(decision.target) replicas: \(decision.words(rule, Self.ingressUnit))")))
    ingress.want(spec.ingress, count: decision.target, at: now, &effects)
  }

  private mutating func withGroup(_ index: Int, _ body: (inout RankGroup) -> Void) {
    if let place = groups.firstIndex(where: { $0.index == index }) { body(&groups[place]) }
  }

  private mutating func beginGoals(from old: ApplicationSpec, _ oldCount: Int, at now: Duration) {
    if spec.engine != old.engine || serverCondition.status == .deployFailed {
      serverCondition.begin(.update, at: now)
    } else if groupCount != oldCount {
      serverCondition.begin(groupCount > oldCount ? .upscale : .downscale, at: now)
    }
    if spec.ingress != old.ingress || ingressCondition.status == .deployFailed {
      ingressCondition.begin(.update, at: now)
    } else if case let count = ingressCount(ingress.target), count != ingress.target {
      ingressCondition.begin(count > ingress.target ? .upscale : .downscale, at: now)
    }
  }

  /// Draws every conclusion from what has just changed.
  mutating func settle(at now: Duration, _ effects: inout [Effect]) {
    settledAt = now
    reconcile(at: now, &effects)
    forgetCordons(&effects)
    publish(at: now, &effects)
    publishSlots(&effects)
    observe(at: now, &effects)
    finish(&effects)
  }

  private mutating func publish(at now: Duration, _ effects: inout [Effect]) {
    let entries = groups.filter(\.isServing).flatMap { $0.tableEntries(cordons) }
    guard entries != table.entries else { return }
    table = RankTable(version: table.version + 1, entries: entries)
    ingress.mustTake(table.version, at: now)
    effects.append(.publish(table))
  }

  private mutating func finish(_ effects: inout [Effect]) {
    guard isDeleting, !isGone, groups.isEmpty, ingress.replicas.isEmpty, front?.replicas.isEmpty ?? true
    else { return }
    isGone = true
    effects.append(.dismantle)
    effects.append(.record(EventRecord(.info, .deleted, "nothing is left of \(spec.name)")))
  }

  private mutating func observe(at now: Duration, _ effects: inout [Effect]) {
    let before = (serverCondition, ingressCondition)
    serverCondition.observe(serverObservation(at: now), at: now)
    ingressCondition.observe(ingressObservation, at: now)
    recordChange(spec.serverName, before.0, serverCondition, &effects)
    recordChange(Self.ingressName, before.1, ingressCondition, &effects)
    observeFront(at: now, &effects)
    judgeRollout(at: now, &effects)
  }

  func recordChange(
    _ name: String, _ old: DeploymentCondition, _ new: DeploymentCondition, _ effects: inout [Effect]
  ) {
    guard (old.status, old.trigger) != (new.status, new.trigger) else { return }
    let isBad = new.status == .unhealthy || new.status == .deployFailed
    effects.append(
      .record(
        EventRecord(
          isBad ? .error : .info, .statusChanged, subject: name,
          "\(old.status.rawValue) → \(new.status.rawValue) (\(new.trigger.rawValue))")))
  }
}
