public import ControlAPI

/// A deployment's status and trigger, moved by Ray Serve's transition table.
public struct DeploymentCondition: Sendable, Equatable, Codable {
  /// What a new goal does to the status.
  enum Goal {
    case update, upscale, downscale, autoUpscale, autoDownscale, delete
  }

  /// What the replicas look like.
  enum Observation: Equatable {
    /// All that is asked for runs.
    case complete
    /// Replicas are on their way, as the goal demands.
    case progressing
    /// Replicas that ran are missing and are being replaced.
    case degraded
    /// No further try is made.
    case failed(StatusTrigger)
  }

  /// The status.
  public private(set) var status = DeploymentState.updating
  /// What led to it.
  public private(set) var trigger = StatusTrigger.configUpdateStarted
  /// When it was entered.
  public private(set) var since: Duration

  init(at now: Duration) { since = now }

  /// A goal was set; scaling shows as such only from HEALTHY, as in Ray.
  mutating func begin(_ goal: Goal, at now: Duration) {
    switch (goal, status) {
    case (.delete, _): enter(.updating, .deleting, now)
    case (.autoUpscale, .healthy), (.autoUpscale, .upscaling), (.autoUpscale, .downscaling):
      enter(.upscaling, .autoscaling, now)
    case (.autoDownscale, .healthy), (.autoDownscale, .upscaling), (.autoDownscale, .downscaling):
      enter(.downscaling, .autoscaling, now)
    // What failed, or is being rolled, stays so until its replicas are right again.
    case (.autoUpscale, _), (.autoDownscale, _): break
    case (.upscale, .healthy): enter(.upscaling, .configUpdateStarted, now)
    case (.downscale, .healthy): enter(.downscaling, .configUpdateStarted, now)
    default: enter(.updating, .configUpdateStarted, now)
    }
  }

  /// The replicas were looked at.
  mutating func observe(_ observation: Observation, at now: Duration) {
    guard trigger != .deleting else { return }
    switch (observation, status) {
    case (.complete, .healthy), (.progressing, _): break
    case (.complete, .updating): enter(.healthy, .configUpdateCompleted, now)
    case (.complete, .upscaling): enter(.healthy, .upscaleCompleted, now)
    case (.complete, .downscaling): enter(.healthy, .downscaleCompleted, now)
    case (.complete, _): enter(.healthy, .unspecified, now)
    case (.degraded, .updating), (.degraded, .deployFailed), (.degraded, .unhealthy): break
    case (.degraded, _): enter(.unhealthy, .healthCheckFailed, now)
    case (.failed(let trigger), .updating), (.failed(let trigger), .deployFailed):
      enter(.deployFailed, trigger, now)
    case (.failed(let trigger), _): enter(.unhealthy, trigger, now)
    }
  }

  private mutating func enter(_ status: DeploymentState, _ trigger: StatusTrigger, _ now: Duration) {
    if (self.status, self.trigger) != (status, trigger) { since = now }
    self.status = status
    self.trigger = trigger
  }
}
