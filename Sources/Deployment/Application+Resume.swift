/// Where a process of a former controller is now.
public enum Whereabouts: Sendable, Equatable {
  /// It lives, and this controller watches it.
  case here
  /// It was started and has ended since.
  case ended(ProcessEnd, lastLine: String?)
  /// Its start was intended, and did not happen.
  case neverStarted
}

/// A process as the state machines name it.
public enum ProcessPlace: Hashable, Sendable {
  /// A rank of a group.
  case rank(group: Int, rank: Int, epoch: Int)
  /// An ingress replica.
  case ingress(index: Int, life: Int)
  /// A process that stands before the ingress replicas.
  case front(index: Int, life: Int)
}

/// How a controller goes on where the one before it was stopped.
extension Application {
  /// A former controller may have published tables that its checkpoint does not know; no more than this.
  private static let unknownTables = 1000

  /// Goes on from what a former controller wrote down, whatever it was doing.
  ///
  /// What it asked for and perhaps never got is asked for again; what ended meanwhile is news; what lives goes on as if
  /// nothing had happened. `now` must be of the same clock, and so of the same uptime, as the checkpoint.
  /// - Parameter whereabouts: where each process is that the checkpoint believes to be alive.
  public mutating func resume(at now: Duration, _ whereabouts: (ProcessPlace) -> Whereabouts) -> [Effect] {
    var effects: [Effect] = []
    table = RankTable(version: table.version + Self.unknownTables, entries: table.entries)
    ingress.mustTake(table.version, at: now)
    effects.append(.publish(table))
    for place in groups.indices { groups[place].resume(at: now, &effects, whereabouts) }
    ingress.resume(at: now, &effects, whereabouts)
    front?.resume(at: now, &effects, whereabouts)
    if let slots = frontSlots {
      let next = FrontSlots(version: slots.version + Self.unknownTables, states: slots.states)
      frontSlots = next
      effects.append(.publishSlots(next))
    }
    settle(at: now, &effects)
    if let pending = rollout.pending, !effects.contains(.rollBack(to: pending.to, because: pending.reason)) {
      effects.append(.rollBack(to: pending.to, because: pending.reason))
    }
    if isGone, !effects.contains(.dismantle) { effects.append(.dismantle) }
    return effects
  }
}

extension RankGroup {
  fileprivate mutating func resume(
    at now: Duration, _ effects: inout [Effect], _ whereabouts: (ProcessPlace) -> Whereabouts
  ) {
    lastProgress = max(lastProgress, now)
    askAgain(&effects)
    var missing: [Int: [Int]] = [:]
    var ended: [(rank: Int, end: ProcessEnd, lastLine: String?)] = []
    for rank in ranks.indices where ranks[rank].isAlive {
      switch whereabouts(.rank(group: index, rank: rank, epoch: ranks[rank].epoch)) {
      case .here: break
      case .ended(let end, let lastLine): ended.append((rank, end, lastLine))
      case .neverStarted where phase == .starting || phase == .running:
        missing[ranks[rank].epoch, default: []].append(rank)
      case .neverStarted: ended.append((rank, .unknown, nil))
      }
    }
    for (epoch, ranks) in missing.sorted(by: { $0.key < $1.key }) {
      effects.append(
        .launchGroup(
          GroupLaunch(group: index, epoch: epoch, life: life, ranks: ranks, engine: engine, nodes: nodes)))
    }
    for (rank, end, lastLine) in ended {
      handle(.ended(end, lastLine: lastLine), rank: rank, epoch: ranks[rank].epoch, at: now, &effects)
    }
  }

  /// Nobody knows whether these were done.
  private func askAgain(_ effects: inout [Effect]) {
    switch phase {
    case .draining: effects.append(.watchDrain(group: index, epoch: epoch))
    case .stopping(.recovery): stopLiving(grace: nil, &effects)
    case .stopping: stopLiving(grace: Self.stopGrace, &effects)
    case .running: stopCondemned(&effects)
    default: break
    }
  }
}

extension IngressSet {
  fileprivate mutating func resume(
    at now: Duration, _ effects: inout [Effect], _ whereabouts: (ProcessPlace) -> Whereabouts
  ) {
    let grace = grace
    for replica in replicas {
      guard replica.hasProcess else { continue }
      let news: IngressNews
      switch whereabouts(replica.place) {
      case .here:
        update(replica.index) { $0.resume(grace: grace, at: now, &effects) }
        continue
      case .neverStarted where replica.phase == .starting:
        update(replica.index) { $0.launchAgain(at: now, &effects) }
        continue
      case .ended(let end, let lastLine): news = .ended(end, lastLine: lastLine)
      case .neverStarted: news = .ended(.unknown, lastLine: nil)
      }
      handle(news, index: replica.index, life: replica.life, at: now, &effects)
    }
    reconcile(at: now, &effects)
  }
}

extension IngressReplica {
  fileprivate var hasProcess: Bool {
    switch phase {
    case .starting, .running, .ending, .stopping: true
    case .backoff, .failed, .removed: false
    }
  }

  /// Nobody knows whether an end that was asked for was carried out.
  fileprivate mutating func resume(grace: Duration, at now: Duration, _ effects: inout [Effect]) {
    switch phase {
    case .starting: since = max(since, now)
    case .ending: effects.append(stopEffect(grace: .zero))
    case .running where verdict != nil: effects.append(stopEffect(grace: .zero))
    case .stopping: effects.append(stopEffect(grace: grace))
    default: break
    }
  }

  fileprivate mutating func launchAgain(at now: Duration, _ effects: inout [Effect]) {
    since = max(since, now)
    effects.append(.launchIngress(IngressLaunch(index: index, life: life, ingress: spec)))
  }
}
