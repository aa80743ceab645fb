public import ControlAPI

/// Something that the controller has agreed to do, until it is seen what became of it.
public struct Undertaking: Sendable, Hashable {
  /// What was asked for.
  public enum Action: Sendable, Hashable {
    /// A replica starts again.
    case restart(replica: String)
    /// Replicas get no new requests, or get them again.
    case cordon(CordonRequest)
    /// The application ends.
    case delete
    /// A revision is carried out, which differs from the one before in `changes`.
    case revision(Int, changes: String)
  }

  /// What became of it, in words.
  struct Outcome: Hashable {
    var words: String
    var severity: Severity
  }

  /// What takes no effect within so many seconds needed none.
  private static let patience = 3.0

  let action: Action
  let application: String
  let since: Double
  /// The process of the replica that restarts, before.
  private let before: Int32?
  /// Whether its effect was seen.
  private var hasBegun = false

  init(_ action: Action, of application: String, in world: World, at now: Double) {
    (self.action, self.application, since) = (action, application, now)
    if case .restart(let id) = action {
      before = world.application(application)?.replica(id)?.pid.value
    } else {
      before = nil
    }
  }

  /// What goes on, in words.
  var words: String {
    switch action {
    case .restart(let replica): "\(replica) restarts"
    case .cordon(let request): "\(request.action.rawValue) of \(request.replicas.joined(separator: ", "))"
    case .delete: "\(application) is being deleted"
    case .revision(let number, let changes): "revision \(number): \(changes)"
    }
  }

  /// Takes a look; nil while it goes on.
  mutating func outcome(_ world: World, at now: Double) -> Outcome? {
    let took = Units.age(now - since)
    guard let status = world.application(application) else {
      return action == .delete
        ? Outcome(words: "\(application): deleted after \(took)", severity: .info)
        : Outcome(words: "\(application) is gone", severity: .warning)
    }
    switch action {
    case .delete: return nil
    case .cordon(let request): return Self.outcome(of: request, status, took)
    case .restart(let replica):
      if !status.isHealthy || status.replica(replica)?.pid.value != before { hasBegun = true }
      if let failure = Self.failure(status, replica) { return failure }
      guard status.isHealthy else { return nil }
      if hasBegun { return Outcome(words: "\(replica): HEALTHY after \(took)", severity: .info) }
      return now - since > Self.patience ? Outcome(words: "\(replica): HEALTHY", severity: .info) : nil
    case .revision(let number, let changes):
      return Self.outcome(of: number, changes, status, took)
    }
  }

  private static func outcome(
    of number: Int, _ changes: String, _ status: ApplicationStatus, _ took: String
  ) -> Outcome? {
    if let back = status.rolledBack, back.from == number {
      let words = "revision \(number) failed (\(back.reason)); revision \(back.to) is back"
      return Outcome(words: words, severity: .error)
    }
    guard status.revision >= number else { return nil }
    guard status.revision == number else {
      return Outcome(words: "revision \(number) gave way to \(status.revision)", severity: .warning)
    }
    if let failure = failure(status, "revision \(number)") { return failure }
    let what = changes.isEmpty ? "" : "; " + changes
    return status.isHealthy
      ? Outcome(words: "revision \(number): HEALTHY after \(took)\(what)", severity: .info) : nil
  }

  /// Why nothing more is to be expected; a revision that is about to come back is waited for.
  private static func failure(_ status: ApplicationStatus, _ subject: String) -> Outcome? {
    guard status.status == .deployFailed, status.rollingBackTo == nil else { return nil }
    let reason = status.message.isEmpty ? "" : ": " + status.message
    return Outcome(words: "\(subject) failed\(reason)", severity: .error)
  }

  private static func outcome(
    of request: CordonRequest, _ status: ApplicationStatus, _ took: String
  ) -> Outcome? {
    let states = request.replicas.map { status.replica($0)?.state }
    let names = request.replicas.joined(separator: ", ")
    if states.contains(nil) { return Outcome(words: "\(names): gone after \(took)", severity: .warning) }
    let goals: [ReplicaState] =
      switch request.action {
      case .cordon: [.cordoned, .drained]
      case .drain: [.drained]
      case .uncordon: [.running]
      }
    guard states.allSatisfy({ $0.map(goals.contains) ?? false }) else { return nil }
    let reached = states.compactMap { $0?.rawValue }.first ?? ""
    return Outcome(words: "\(names): \(reached) after \(took)", severity: .info)
  }
}

extension ApplicationStatus {
  /// The replica of an id.
  func replica(_ id: String) -> ReplicaStatus? { deployments.lazy.flatMap(\.replicas).first { $0.id == id } }

  /// Whether it serves, and all of it is as it should be.
  var isHealthy: Bool { status == .running && deployments.allSatisfy { $0.status == .healthy } }
}

extension ConsoleState {
  /// Waits for what becomes of an action.
  mutating func begin(_ action: Undertaking.Action, of application: String) {
    undertakings.append(Undertaking(action, of: application, in: world, at: now))
  }

  /// Says what became of what was under way.
  mutating func settleUndertakings() {
    var outcomes: [Undertaking.Outcome] = []
    undertakings = undertakings.compactMap { undertaking in
      var undertaking = undertaking
      guard let outcome = undertaking.outcome(world, at: now) else { return undertaking }
      outcomes.append(outcome)
      return nil
    }
    guard !outcomes.isEmpty else { return }
    let gravest: Severity =
      [.error, .warning].first { severity in outcomes.contains { $0.severity == severity } } ?? .info
    say(outcomes.map(\.words).joined(separator: "; "), gravest)
  }
}
