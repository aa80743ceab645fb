import ControlAPI

/// The HAProxy that clients connect to, where there is one.
extension Application {
  /// The front's name as a deployment.
  public static let frontName = "HAProxy"

  /// Asks for the front that the spec has, or for none.
  mutating func wantFront(at now: Duration, _ effects: inout [Effect]) {
    let wanted = isDeleting ? nil : spec.frontProcess
    guard let process = wanted ?? front?.spec else { return }
    var set = front ?? IngressSet(spec: process, count: 0, grace: spec.drainTimeout)
    beginFrontGoal(wanted, former: set, at: now)
    set.grace = spec.drainTimeout
    set.want(process, count: wanted == nil ? 0 : 1, at: now, &effects)
    front = set
  }

  private mutating func beginFrontGoal(_ wanted: IngressSpec?, former: IngressSet, at now: Duration) {
    if frontCondition == nil { frontCondition = DeploymentCondition(at: now) }
    if isDeleting {
      frontCondition?.begin(.delete, at: now)
    } else if former.target != (wanted == nil ? 0 : 1) || former.spec != wanted
      || frontCondition?.status == .deployFailed
    {
      frontCondition?.begin(.update, at: now)
    }
  }

  /// Has another process take the place of the front at `index`.
  public mutating func restart(front index: Int, at now: Duration) -> [Effect] {
    guard !isDeleting, front != nil else { return [] }
    var effects: [Effect] = []
    if frontCondition?.status != .updating { frontCondition?.begin(.update, at: now) }
    front?.restart(index, at: now, &effects)
    settle(at: now, &effects)
    return effects
  }

  /// Tells the front what became of the ingress replicas, when that is news.
  mutating func publishSlots(_ effects: inout [Effect]) {
    guard front != nil else { return }
    let states = ingress.slots(cordons)
    guard states != frontSlots?.states else { return }
    let slots = FrontSlots(version: (frontSlots?.version ?? 0) + 1, states: states)
    frontSlots = slots
    effects.append(.publishSlots(slots))
  }

  mutating func observeFront(at now: Duration, _ effects: inout [Effect]) {
    guard let front, let before = frontCondition else { return }
    if front.replicas.isEmpty, front.target == 0, !isDeleting {
      (self.front, frontCondition, frontSlots) = (nil, nil, nil)
      return
    }
    frontCondition?.observe(front.observation(version: frontSlots?.version ?? 0), at: now)
    if let after = frontCondition { recordChange(Self.frontName, before, after, &effects) }
  }

  /// What the front waits for; empty when it is healthy.
  func frontMessage(at now: Duration) -> String {
    guard let front, frontCondition?.status != .healthy, !isDeleting else { return "" }
    let text = "needs \(front.target) that clients can connect to, has \(front.readyCount(version: 0))"
    let blocking = front.replicas.first { $0.phase != .running || $0.spec != front.spec }
    return blocking.map { "\(text); \($0.explanation(at: now))" } ?? text
  }

  /// The front as a deployment; nil where there is none.
  func frontStatus(at now: Duration) -> DeploymentStatus? {
    guard let front, let condition = frontCondition else { return nil }
    return DeploymentStatus(
      name: Self.frontName, status: condition.status, statusTrigger: condition.trigger,
      message: frontMessage(at: now), targetReplicas: isDeleting ? 0 : front.target,
      replicas: front.replicas.map { $0.status(isCordoned: false) })
  }
}
