public import ControlAPI

/// What a look at an application saw: the input of every rule.
public struct Observation: Sendable {
  /// When, in seconds of any clock that only goes forward.
  public var time: Double
  /// The same moment for people, RFC 3339 in UTC.
  public var timestamp: String
  /// The application as it was.
  public var application: ApplicationStatus
  /// What the manifest asks of it.
  public var settings: ServingSettings

  /// Records a look.
  public init(time: Double, timestamp: String, application: ApplicationStatus, settings: ServingSettings) {
    self.time = time
    self.timestamp = timestamp
    self.application = application
    self.settings = settings
  }

  var metrics: ApplicationMetrics { application.metrics }

  /// The ranks whose readings count.
  var ranks: [ReplicaStatus] { replicas(.rank).filter { $0.state == .running && !$0.stale } }

  /// The ingress replicas whose readings count.
  var ingress: [ReplicaStatus] { replicas(.ingress).filter { $0.state == .running && !$0.stale } }

  /// The deployment of the ranks.
  var server: DeploymentStatus? { application.deployments.first { $0.name.hasPrefix("DPServer:") } }

  private func replicas(_ role: ReplicaRole) -> [ReplicaStatus] {
    application.deployments.flatMap(\.replicas).filter { $0.role == role }
  }
}

/// The part of a manifest that the rules compare with.
public struct ServingSettings: Sendable, Equatable {
  /// Ranks of a group.
  public var dataParallelSize: Int
  /// The most requests that a rank runs at once.
  public var maxNumSequences: Int
  /// The most tokens of one step of a rank.
  public var maxNumBatchedTokens: Int
  /// How many ingress replicas there should be.
  public var ingressReplicas: Int
  /// The share of an accelerator's memory that may be used, from 0 to 1.
  public var gpuMemoryUtilization: Double
  /// The promised time to first token, if one was given.
  public var ttftSeconds: Double?
  /// The promised time per output token, if one was given.
  public var tpotSeconds: Double?

  /// Collects settings.
  public init(
    dataParallelSize: Int, maxNumSequences: Int, maxNumBatchedTokens: Int, ingressReplicas: Int,
    gpuMemoryUtilization: Double, ttftSeconds: Double? = nil, tpotSeconds: Double? = nil
  ) {
    self.dataParallelSize = dataParallelSize
    self.maxNumSequences = maxNumSequences
    self.maxNumBatchedTokens = maxNumBatchedTokens
    self.ingressReplicas = ingressReplicas
    self.gpuMemoryUtilization = gpuMemoryUtilization
    self.ttftSeconds = ttftSeconds
    self.tpotSeconds = tpotSeconds
  }
}
