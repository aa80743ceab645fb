public import ControlAPI

/// One line of the event log.
public struct EventRecord: Sendable, Equatable {
  /// What sort of thing happened.
  public enum Kind: String, Sendable, CaseIterable {
    /// A manifest was applied.
    case applied = "Applied"
    /// Numbers of replicas were set by hand.
    case scaled = "Scaled"
    /// A revision failed, and the last healthy one takes its place.
    case rolledBack = "RolledBack"
    /// A rollout was halted or let go on.
    case rolloutPaused = "RolloutPaused"
    /// A deployment's status changed.
    case statusChanged = "StatusChanged"
    /// A group's new life began.
    case groupStarting = "GroupStarting"
    /// Every rank of a group answered a completion.
    case groupRunning = "GroupRunning"
    /// A rank died, and takes its group along unless that recovers: the culprit.
    case rankDied = "RankDied"
    /// A rank is going to be started again, while the others of its group go on.
    case rankRestarting = "RankRestarting"
    /// A rank serves again with its group.
    case rankRunning = "RankRunning"
    /// A rank is not started again; its group goes on without it.
    case rankFailed = "RankFailed"
    /// A group's start stood still, or one of its ranks did although there was work for it.
    case groupStalled = "GroupStalled"
    /// A replica that serves gives no sign of life.
    case silent = "Silent"
    /// A group finishes its requests.
    case groupDraining = "GroupDraining"
    /// Every process of a group has ended.
    case groupStopped = "GroupStopped"
    /// A group is going to be started again.
    case groupRestarting = "GroupRestarting"
    /// A group is not started again.
    case groupFailed = "GroupFailed"
    /// An ingress replica died.
    case ingressDied = "IngressDied"
    /// An ingress replica is not started again.
    case ingressFailed = "IngressFailed"
    /// An ingress replica took the rank table.
    case ingressRunning = "IngressRunning"
    /// An ingress replica is being stopped on purpose.
    case ingressStopping = "IngressStopping"
    /// The number of replicas follows the load.
    case autoscaled = "Autoscaled"
    /// A further group serves while others are replaced.
    case standIn = "StandIn"
    /// A cluster put ranks otherwise than the manifest has it.
    case placementViolated = "PlacementViolated"
    /// An operator asked for a restart.
    case restartRequested = "RestartRequested"
    /// A replica gets no new requests any more.
    case cordoned = "Cordoned"
    /// A cordoned replica has no request left.
    case drained = "Drained"
    /// A replica takes requests again.
    case uncordoned = "Uncordoned"
    /// A delete began.
    case deleting = "Deleting"
    /// Somebody says what they do with the deployment, as a benchmark does.
    case remark = "Remark"
    /// Nothing is left of the application.
    case deleted = "Deleted"
    /// The controller took over what a former controller ran.
    case adopted = "Adopted"
    /// The controller ended processes of a former controller.
    case straysEnded = "StraysEnded"
    /// The controller is going, and what it runs stays.
    case controllerStopping = "ControllerStopping"
    /// Shared memory that dead processes had left was removed.
    case segmentsRemoved = "SegmentsRemoved"
    /// The controller could not do what it was asked to.
    case controllerError = "ControllerError"
  }

  /// How bad it is.
  public let severity: Severity
  /// What sort of thing happened.
  public let kind: Kind
  /// The replica or deployment it is about; nil for the application.
  public let subject: String?
  /// The life it happened in; nil where there are no lives.
  public let epoch: Int?
  /// What happened, for people.
  public let message: String
  /// Why: the culprit and its last words; nil when nothing failed.
  public let cause: Failure?

  /// Makes a record.
  public init(
    _ severity: Severity, _ kind: Kind, subject: String? = nil, epoch: Int? = nil, _ message: String,
    cause: Failure? = nil
  ) {
    self.severity = severity
    self.kind = kind
    self.subject = subject
    self.epoch = epoch
    self.message = message
    self.cause = cause
  }
}
