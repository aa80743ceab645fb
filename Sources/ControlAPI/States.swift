/// An application's state, in Ray Serve's words.
public enum ApplicationState: String, Codable, Sendable, CaseIterable {
  case notStarted = "NOT_STARTED"
  case deploying = "DEPLOYING"
  case running = "RUNNING"
  case unhealthy = "UNHEALTHY"
  case deployFailed = "DEPLOY_FAILED"
  case deleting = "DELETING"
}

/// A deployment's state, in Ray Serve's words.
public enum DeploymentState: String, Codable, Sendable, CaseIterable {
  case updating = "UPDATING"
  case healthy = "HEALTHY"
  case unhealthy = "UNHEALTHY"
  case deployFailed = "DEPLOY_FAILED"
  case upscaling = "UPSCALING"
  case downscaling = "DOWNSCALING"
}

/// What brought a deployment into its state, in Ray Serve's words.
public enum StatusTrigger: String, Codable, Sendable, CaseIterable {
  case unspecified = "UNSPECIFIED"
  case configUpdateStarted = "CONFIG_UPDATE_STARTED"
  case configUpdateCompleted = "CONFIG_UPDATE_COMPLETED"
  case upscaleCompleted = "UPSCALE_COMPLETED"
  case downscaleCompleted = "DOWNSCALE_COMPLETED"
  case autoscaling = "AUTOSCALING"
  case replicaStartupFailed = "REPLICA_STARTUP_FAILED"
  case deploymentActorFailed = "DEPLOYMENT_ACTOR_FAILED"
  case healthCheckFailed = "HEALTH_CHECK_FAILED"
  case internalError = "INTERNAL_ERROR"
  case deleting = "DELETING"
}

/// A replica's state, in Ray Serve's words and two of our own.
public enum ReplicaState: String, Codable, Sendable, CaseIterable {
  case starting = "STARTING"
  case updating = "UPDATING"
  case recovering = "RECOVERING"
  case running = "RUNNING"
  case stopping = "STOPPING"
  /// It serves what it has, and gets no new requests: an operator's wish.
  case cordoned = "CORDONED"
  /// Cordoned, and nothing is left: it can be taken away at no cost.
  case drained = "DRAINED"
  /// Without a process, while its group waits for its next start or has given up.
  case stopped = "STOPPED"
  /// Of a Ray cluster only: about to move to another node.
  case pendingMigration = "PENDING_MIGRATION"
}

/// How far a rank has come in its start; `ready` once it serves.
public enum ReplicaPhase: String, Codable, Sendable, CaseIterable {
  case spawn
  case rendezvous
  case loadWeights = "load_weights"
  case kvAlloc = "kv_alloc"
  case warmup
  case ready
}

/// What a replica is for.
public enum ReplicaRole: String, Codable, Sendable, CaseIterable {
  /// A rank of a data-parallel group.
  case rank
  /// A replica of the OpenAI-compatible ingress.
  case ingress
  /// An HAProxy that clients connect to before the ingress.
  case front
}

/// How much an event or a hint matters.
public enum Severity: String, Codable, Sendable, CaseIterable, Comparable {
  case info
  case warning
  case error

  private var order: Int {
    switch self {
    case .info: 0
    case .warning: 1
    case .error: 2
    }
  }

  /// Whether `left` matters less than `right`.
  public static func < (left: Severity, right: Severity) -> Bool { left.order < right.order }
}
