/// The ingress replicas of an application, kept at the count and the kind that are asked for.
///
/// A change of kind surges: new replicas take requests before old ones stop, so the count that serves never falls.
public struct IngressSet: Sendable, Equatable, Codable {
  /// The replicas, by index.
  public private(set) var replicas: [IngressReplica] = []
  /// What a replica should be started with.
  private(set) var spec: IngressSpec
  /// How many should run.
  private(set) var target: Int
  /// The longest a replica may take to finish its requests.
  var grace: Duration
  /// Lives of an index go on counting after the replica is gone, so that late news is never mistaken.
  private var lives: [Int: Int] = [:]

  init(spec: IngressSpec, count: Int, grace: Duration) {
    self.spec = spec
    self.target = count
    self.grace = grace
  }

  /// Asks for another kind or count, on a fresh budget for what had failed.
  mutating func want(_ spec: IngressSpec, count: Int, at now: Duration, _ effects: inout [Effect]) {
    self.spec = spec
    target = count
    for index in replicas.indices where replicas[index].phase == .failed {
      replicas[index].stop(grace: grace, reason: "", at: now, &effects)
    }
    reconcile(at: now, &effects)
  }

  /// Replicas that may run beyond `count` while their kind changes: a quarter, at least one.
  public static func surge(_ count: Int) -> Int { max(1, (count + 3) / 4) }

  /// Has another replica take the place of the one at `index`.
  mutating func restart(_ index: Int, at now: Duration, _ effects: inout [Effect]) {
    guard let place = replicas.firstIndex(where: { $0.index == index }) else { return }
    replicas[place].stop(grace: grace, reason: "a restart was asked for", at: now, &effects)
    reconcile(at: now, &effects)
  }

  /// Takes news of a replica.
  mutating func handle(
    _ news: IngressNews, index: Int, life: Int, at now: Duration, _ effects: inout [Effect]
  ) {
    guard let place = replicas.firstIndex(where: { $0.index == index }) else { return }
    replicas[place].handle(news, life: life, at: now, &effects)
    reconcile(at: now, &effects)
  }

  /// Changes the replica at `index`.
  mutating func update(_ index: Int, _ body: (inout IngressReplica) -> Void) {
    if let place = replicas.firstIndex(where: { $0.index == index }) { body(&replicas[place]) }
  }

  /// There is another rank table for all of them.
  mutating func mustTake(_ version: Int, at now: Duration) {
    for index in replicas.indices { replicas[index].mustTake(version, at: now) }
  }

  /// Looks at the clock.
  mutating func tick(at now: Duration, _ effects: inout [Effect]) {
    for index in replicas.indices { replicas[index].tick(at: now, &effects) }
  }

  /// When time alone will change it; nil when never.
  var nextDeadline: Duration? { replicas.compactMap(\.nextDeadline).min() }

  /// Replicas of the wanted kind that took a rank table of `version` or newer.
  func readyCount(version: Int) -> Int {
    replicas.count { $0.phase == .running && $0.spec == spec && $0.tableVersion >= version }
  }

  /// Whether no running replica lags behind rank table `version`.
  func hasTaken(version: Int) -> Bool {
    replicas.allSatisfy { $0.phase != .running || $0.tableVersion >= version }
  }

  /// Whether everything that is asked for runs, and nothing else.
  func isComplete(version: Int) -> Bool {
    readyCount(version: version) == target && replicas.count == target
  }

  mutating func reconcile(at now: Duration, _ effects: inout [Effect]) {
    forgetRemoved()
    stopSurplus(at: now, &effects)
    startMissing(at: now, &effects)
    forgetRemoved()
  }

  private mutating func forgetRemoved() {
    for replica in replicas where replica.phase == .removed { lives[replica.index] = replica.life }
    replicas.removeAll { $0.phase == .removed }
  }

  private func isCurrent(_ replica: IngressReplica) -> Bool { replica.isWanted && replica.spec == spec }

  private mutating func stopSurplus(at now: Duration, _ effects: inout [Effect]) {
    // Counted once: every word of every replica leads here.
    let isCurrent = replicas.map(isCurrent)
    var current = isCurrent.count { $0 }
    var running = replicas.count { $0.phase == .running }
    for place in replicas.indices.reversed() where replicas[place].isWanted {
      let isRunning = replicas[place].phase == .running
      guard isCurrent[place] ? current > target : !isRunning || running > target else { continue }
      let reason = isCurrent[place] ? "\(target) are asked for" : "its settings changed"
      replicas[place].stop(grace: grace, reason: reason, at: now, &effects)
      if isCurrent[place] { current -= 1 }
      if isRunning { running -= 1 }
    }
  }

  private mutating func startMissing(at now: Duration, _ effects: inout [Effect]) {
    while true {
      let current = replicas.count(where: isCurrent)
      let wanted = replicas.count { $0.isWanted }
      guard current < target, wanted < target + (wanted > current ? Self.surge(target) : 0) else { return }
      let index = lowestFreeIndex
      // Beyond the board's rows there is no place; one comes free when a replica that is stopping has gone.
      guard index < spec.boardRows else { return }
      let replica = IngressReplica(
        index: index, life: (lives[index] ?? 0) + 1, spec: spec, at: now, &effects)
      replicas.insert(replica, at: replicas.firstIndex { $0.index > index } ?? replicas.endIndex)
    }
  }

  private var lowestFreeIndex: Int {
    var index = 0
    while replicas.contains(where: { $0.index == index }) { index += 1 }
    return index
  }
}
