/// What an apply would do: the answer of `POST /v1/plan`.
public struct PlanResult: Codable, Sendable, Hashable {
  /// The application.
  public var application: String
  /// The revision that holds now; 0 when there is no such application.
  public var revision: Int
  /// What an apply would answer.
  public var outcome: ApplyResult.Outcome
  /// The fields that differ, secrets redacted.
  public var changes: [FieldChange]
  /// What happens to the processes, for people.
  public var steps: [String]
  /// How long requests would only wait at the ingress; unknown when no start was ever timed.
  public var interruptionSeconds: Known<Double>

  enum CodingKeys: String, CodingKey {
    case application, revision, outcome, changes, steps
    case interruptionSeconds = "interruption_seconds"
  }

  /// States a plan.
  public init(
    application: String, revision: Int, outcome: ApplyResult.Outcome, changes: [FieldChange], steps: [String],
    interruptionSeconds: Known<Double>
  ) {
    self.application = application
    self.revision = revision
    self.outcome = outcome
    self.changes = changes
    self.steps = steps
    self.interruptionSeconds = interruptionSeconds
  }
}

/// The revisions of an application: the answer of `GET /v1/applications/NAME/revisions`.
public struct RevisionList: Codable, Sendable, Hashable {
  /// The revisions, oldest first.
  public var revisions: [Revision]

  /// Lists revisions.
  public init(revisions: [Revision]) { self.revisions = revisions }
}

/// One accepted apply.
public struct Revision: Codable, Sendable, Hashable {
  /// Its number.
  public var number: Int
  /// When it was accepted, RFC 3339 in UTC.
  public var appliedAt: String
  /// Whether it is what is asked for now.
  public var isCurrent: Bool
  /// Whether it is the newest one that was HEALTHY.
  public var isLastHealthy: Bool
  /// Numbers of replicas that were set by hand in it; absent where its manifest's held.
  public var scale: ScaleStatus?

  /// States a revision.
  public init(number: Int, appliedAt: String, isCurrent: Bool, isLastHealthy: Bool) {
    self.number = number
    self.appliedAt = appliedAt
    self.isCurrent = isCurrent
    self.isLastHealthy = isLastHealthy
  }
}

/// What to do with a rollout: the body of `POST /v1/applications/NAME/rollout`.
public struct RolloutRequest: Codable, Sendable, Hashable {
  /// What is asked for.
  public enum Action: String, Codable, Sendable {
    /// Carry out an earlier revision again.
    case undo
    /// Replace no further group.
    case pause
    /// Go on replacing groups.
    case resume
    /// Start every process again, a few at a time.
    case restart
  }

  /// Which processes a restart is about.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// The ranks.
    case ranks
    /// The ingress replicas.
    case ingress
  }

  /// What is asked for.
  public var action: Action
  /// The revision to go back to; absent for the one before the present.
  public var to: Int?
  /// What to restart; absent for everything.
  public var only: Kind?

  /// Asks for `action`.
  public init(_ action: Action, to: Int? = nil, only: Kind? = nil) {
    self.action = action
    self.to = to
    self.only = only
  }
}

/// A revision that failed, and the one that took its place again.
public struct RollbackStatus: Codable, Sendable, Hashable {
  /// The revision that failed.
  public var from: Int
  /// The revision that was healthy, and whose manifest holds again.
  public var to: Int
  /// Why it failed.
  public var reason: String

  /// States a rollback.
  public init(from: Int, to: Int, reason: String) {
    self.from = from
    self.to = to
    self.reason = reason
  }
}
