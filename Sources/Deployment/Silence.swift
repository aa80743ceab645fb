import ControlAPI

/// How long a replica that serves has given no sign of life, and what that leads to.
public struct Silence: Sendable, Equatable, Codable {
  /// Its last sign of life.
  public let since: Duration
  /// When it is taken for dead.
  public let deadline: Duration

  /// Describes a replica whose last sign of life was at `since`.
  public init(since: Duration, deadline: Duration) {
    self.since = since
    self.deadline = deadline
  }

  func note(_ name: ReplicaName, at now: Duration) -> String {
    "\(name) gives no sign of life, the last was \((now - since).words) ago; next: it is ended in \((deadline - now).words)"
  }
}

extension Application {
  /// Takes note of who is silent: whether such a replica serves nobody knows, so its deployment is not HEALTHY.
  mutating func hear(
    _ silences: [ReplicaName: Silence], at now: Duration, _ effects: inout [Effect]
  ) {
    let new = silences.filter { silent[$0.key] == nil }
    silent = silences
    for (name, silence) in new.sorted(by: { "\($0.key)" < "\($1.key)" }) {
      effects.append(
        .record(EventRecord(.warning, .silent, subject: "\(name)", silence.note(name, at: now))))
    }
  }

  /// Who of these is silent, and what follows; nil when nobody is.
  func silenceMessage(at now: Duration, _ isIncluded: (ReplicaName) -> Bool) -> String? {
    silent.filter { isIncluded($0.key) }.min { "\($0.key)" < "\($1.key)" }.map { $1.note($0, at: now) }
  }
}

extension ReplicaName {
  /// Whether it names a rank.
  var isRank: Bool { if case .rank = self { true } else { false } }
  /// Whether it names an ingress replica.
  var isIngress: Bool { if case .ingress = self { true } else { false } }
}
