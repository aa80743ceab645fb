/// A validated deployment manifest: every field has a value, and the values fit together.
///
/// It is made by ``read(_:)`` only, so nothing downstream has to check again. Fields that exist in the file but
/// are not in effect yet are not here: they were warned about while reading.
public struct Manifest: Sendable, Equatable {
  /// The application's name: 1 to 40 lower-case letters, digits and dashes.
  public let name: String
  /// Where the processes run.
  public let backend: Backend
  /// What runs in a rank.
  public let engine: EngineKind
  /// Which model is served, and under which name.
  public let model: ModelSettings
  /// The accelerator the ranks are meant for, as a label.
  public let acceleratorType: String?
  /// The data-parallel group: how many ranks, how many of them on a node, how many groups.
  public let parallelism: ParallelLayout
  /// The arguments of one engine rank.
  public let engineArguments: EngineArguments
  /// What lies between ranks, as a JSON object like the manifest's `cluster.links`; nil is memory.
  public let links: String?
  /// The environment of every rank, in the order of the file.
  public let environment: [EnvironmentVariable]
  /// What only `engine: vllm` needs; nil on other engines.
  public let vllm: VLLMSettings?
  /// The Ray cluster, for `backend: ray`.
  public let cluster: ClusterSettings
  /// How many groups run.
  public let groups: ReplicaBounds
  /// How that number moves between its bounds; nil where they are the same.
  public let groupScaling: ScalingSettings?
  /// How many ingress processes run.
  public let ingressReplicas: ReplicaBounds
  /// How that number moves between its bounds; nil where they are the same.
  public let ingressScaling: ScalingSettings?
  /// The ingress: where it listens, how it routes and queues.
  public let ingress: IngressSettings
  /// Requests that a rank may have at once, besides `max_num_seqs`; nil sets no other limit.
  public let maxOngoingRequests: Int?
  /// The latency the operator promised, when the file names one.
  public let objective: ServiceObjective
  /// How changes and stops are carried out.
  public let rollout: RolloutSettings
  /// When a process that lives is taken for dead.
  public let healthCheck: HealthCheck
  /// What happens when a rank dies.
  public let failurePolicy: FailurePolicy
  /// Every field of the schema with its value in effect, and where the file wrote it.
  public let settings: Settings

  /// The name of the rank deployment in status: `DPServer:<model_id>` with Ray Serve's replacements.
  public var serverDeploymentName: String {
    var name = "DPServer:"
    for character in model.id {
      switch character {
      case "/": name += "--"
      case ".": name += "_"
      default: name.append(character)
      }
    }
    return name
  }
}

/// Where the processes of a deployment run.
public enum Backend: String, Sendable, CaseIterable {
  /// On this machine, under dpdeployd.
  case local
  /// As a Ray Serve application on a cluster.
  case ray
}

/// What runs in a rank.
public enum EngineKind: String, Sendable, CaseIterable {
  /// The CPU engine that comes with the tools.
  case bundled
  /// `vllm serve`, installed by the operator.
  case vllm
}

/// What becomes of a group when one of its ranks dies.
public enum FailurePolicy: String, Sendable, CaseIterable {
  /// Survivors take over the dead rank's experts and go on.
  case recover
  /// The whole group restarts, as Ray Serve's RESTART_GANG does.
  case restartGang = "restart_gang"
}

/// The model and the name it is served under.
public struct ModelSettings: Sendable, Equatable {
  /// The name clients ask for.
  public let id: String
  /// A bundled model's name, or a path; see ``ModelLookup``.
  public let source: String
}

/// A variable of the ranks' environment.
public struct EnvironmentVariable: Sendable, Equatable {
  /// The variable's name.
  public let name: String
  /// Its value in clear: never print it when ``isSecret``; see ``display``.
  public let value: String
  /// Whether the value must not be shown, logged or stored.
  public let isSecret: Bool

  /// The value as it may be shown.
  public var display: String { isSecret ? Settings.redacted : value }
}

/// Least and greatest number of replicas.
public struct ReplicaBounds: Sendable, Equatable {
  /// The least number that runs.
  public let minimum: Int
  /// The greatest number that runs.
  public let maximum: Int
}

/// Latency targets; nil where the file names none.
public struct ServiceObjective: Sendable, Equatable {
  /// Time to first token, in milliseconds.
  public let ttftMilliseconds: Double?
  /// Time per output token, in milliseconds.
  public let tpotMilliseconds: Double?
  /// The share of requests that must be inside both, 0...1.
  public let goodput: Double?
}
