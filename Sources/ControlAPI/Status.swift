/// What `dpdeploy status --json` prints: everything that is known of all applications now.
///
/// A minor schema version only adds keys; a reader ignores those that it does not know.
public struct Status: Codable, Sendable, Hashable {
  /// Always `dpdeploy/v1`.
  public var apiVersion = "dpdeploy/v1"
  /// Always `Status`.
  public var kind = "Status"
  /// The version of this shape.
  public var schemaVersion = "1.0"
  /// When it was true, RFC 3339 in UTC.
  public var generatedAt: String
  /// The controller that said it; its `status` is `UNREACHABLE` when nobody did.
  public var controller: ControllerStatus
  /// The applications, by name.
  public var applications: [ApplicationStatus]
  /// The machines and their accelerators, the controller's own first; absent from a controller that does not look.
  public var machines: [MachineStatus]?

  /// Collects a status.
  public init(generatedAt: String, controller: ControllerStatus, applications: [ApplicationStatus]) {
    self.generatedAt = generatedAt
    self.controller = controller
    self.applications = applications
  }
}

/// The controller behind a status.
public struct ControllerStatus: Codable, Sendable, Hashable {
  /// `RUNNING` or `UNREACHABLE`.
  public var status: String
  /// Its version; absent when it is unreachable.
  public var version: String?
  /// Its process id; absent when it is unreachable.
  public var pid: Int32?
  /// Why it is unreachable; absent when it runs.
  public var message: String?
  /// Whether what happens is being written down; absent when it is unreachable.
  ///
  /// While it is not, everything is supervised as before, and applies are refused.
  public var stateDurable: Bool?
  /// Why it is not, and what helps; absent when it is.
  public var stateProblem: String?

  /// A controller that answered.
  public static func running(version: String, pid: Int32) -> ControllerStatus {
    ControllerStatus(status: "RUNNING", version: version, pid: pid, message: nil)
  }

  /// A controller that did not answer, and why.
  public static func unreachable(_ message: String) -> ControllerStatus {
    ControllerStatus(status: "UNREACHABLE", version: nil, pid: nil, message: message)
  }
}

/// One application: a manifest, carried out.
public struct ApplicationStatus: Codable, Sendable, Hashable {
  /// The manifest's `name`.
  public var name: String
  /// Its state, in Ray Serve's words.
  public var status: ApplicationState
  /// What is needed, what is there, since when, and what comes next; empty when all is well.
  public var message: String
  /// Which apply it carries out, counted from 1.
  public var revision: Int
  /// What failed before, if the present revision was brought back automatically; absent otherwise.
  public var rolledBack: RollbackStatus?
  /// The healthy revision that is about to come back, as this one failed; absent otherwise.
  public var rollingBackTo: Int?
  /// Numbers of replicas that were set by hand; absent where the manifest's hold.
  public var scale: ScaleStatus?
  /// The latencies that its manifest promises; absent when it promises none.
  public var slo: PromisedLatency?
  /// The base URL of its OpenAI API; unknown until the port is bound.
  public var endpoint: Known<String>
  /// The id that clients name as `model`.
  public var modelId: String
  /// The absolute path of the manifest that was applied; absent when it came from a pipe.
  public var manifestPath: String?
  /// When it was applied first, RFC 3339 in UTC.
  public var createdAt: String
  /// Its deployments: the ranks, their assigner and the ingress.
  public var deployments: [DeploymentStatus]
  /// How it does, over the last window.
  public var metrics: ApplicationMetrics
  /// What to do about what is wrong.
  public var hints: [Hint]

  /// Collects an application's status.
  public init(
    name: String, status: ApplicationState, message: String, revision: Int, endpoint: Known<String>,
    modelId: String, manifestPath: String?, createdAt: String, deployments: [DeploymentStatus],
    metrics: ApplicationMetrics, hints: [Hint]
  ) {
    self.name = name
    self.status = status
    self.message = message
    self.revision = revision
    self.endpoint = endpoint
    self.modelId = modelId
    self.manifestPath = manifestPath
    self.createdAt = createdAt
    self.deployments = deployments
    self.metrics = metrics
    self.hints = hints
  }
}

/// One deployment of an application, named as Ray Serve LLM names it.
public struct DeploymentStatus: Codable, Sendable, Hashable {
  /// `DPServer:<model_id>`, `DPRankAssigner` or `OpenAiIngress`.
  public var name: String
  /// Its state, in Ray Serve's words.
  public var status: DeploymentState
  /// What brought it there.
  public var statusTrigger: StatusTrigger
  /// Need, have, the first replica that blocks, since when, deadline and next action; empty when all is well.
  public var message: String
  /// How many replicas there should be.
  public var targetReplicas: Int
  /// The replicas there are, by index.
  public var replicas: [ReplicaStatus]
  /// Which rank lives where; of `DPRankAssigner` only.
  public var ranks: [RankPlacement]?
  /// How its number of replicas follows the load; absent where that is fixed.
  public var autoscaling: ScalingStatus?

  /// Collects a deployment's status.
  public init(
    name: String, status: DeploymentState, statusTrigger: StatusTrigger, message: String, targetReplicas: Int,
    replicas: [ReplicaStatus], ranks: [RankPlacement]? = nil
  ) {
    self.name = name
    self.status = status
    self.statusTrigger = statusTrigger
    self.message = message
    self.targetReplicas = targetReplicas
    self.replicas = replicas
    self.ranks = ranks
  }
}

/// The node and device that a rank was given.
public struct RankPlacement: Codable, Sendable, Hashable {
  /// The data-parallel group, from 0.
  public var group: Int
  /// The rank in its group, from 0.
  public var rank: Int
  /// The (virtual) node's name.
  public var node: String
  /// The device on that node, from 0.
  public var device: Int

  /// Places `rank` of `group`.
  public init(group: Int, rank: Int, node: String, device: Int) {
    self.group = group
    self.rank = rank
    self.node = node
    self.device = device
  }
}
