/// What an application is asked to be: the pure image of a validated manifest.
///
/// A process is restarted when, and only when, what it is started with changes: so the engine's and the ingress's
/// command lines are compared, and counts and time limits stand apart from them.
public struct ApplicationSpec: Sendable, Equatable, Codable {
  /// The application's name.
  public var name: String
  /// The rank deployment's name, `DPServer:<model_id>`.
  public var serverName: String
  /// How many data-parallel groups run, or are started with where ``groupScaling`` says how their number changes.
  public var groups: Int
  /// How the number of groups follows the load, per rank; nil leaves it at ``groups``.
  public var groupScaling: ScalingRule?
  /// How many virtual nodes there are and how many ranks each can hold.
  public var cluster: ClusterSpec
  /// What each rank is started with; a change recreates the groups.
  public var engine: EngineSpec
  /// What each ingress process is started with; a change rolls them.
  public var ingress: IngressSpec
  /// The HAProxy that clients connect to; nil lets them connect to the ingress.
  public var front: FrontSpec?
  /// How many ingress processes run, or are started with where ``ingressScaling`` says how their number changes.
  public var ingressReplicas: Int
  /// How the number of ingress processes follows the load; nil leaves it at ``ingressReplicas``.
  public var ingressScaling: ScalingRule?
  /// The longest running requests may take to finish before their rank is stopped.
  public var drainTimeout: Duration
  /// The longest a start may stand still.
  public var startTimeout: Duration
  /// How changed groups replace the old ones.
  @OrEmpty public var replacement = ReplacementRule()
  /// How long a revision must have served to count as HEALTHY; nil does not wait.
  public var minReady: Duration?

  /// Describes an application.
  public init(
    name: String, serverName: String, groups: Int, cluster: ClusterSpec, engine: EngineSpec,
    ingress: IngressSpec, ingressReplicas: Int, ingressScaling: ScalingRule? = nil,
    groupScaling: ScalingRule? = nil, drainTimeout: Duration, startTimeout: Duration,
    minReady: Duration? = nil
  ) {
    self.groupScaling = groupScaling
    self.name = name
    self.serverName = serverName
    self.groups = groups
    self.cluster = cluster
    self.engine = engine
    self.ingress = ingress
    self.ingressReplicas = ingressReplicas
    self.ingressScaling = ingressScaling
    self.drainTimeout = drainTimeout
    self.startTimeout = startTimeout
    self.minReady = minReady
  }
}

extension ApplicationSpec {
  /// The greatest number of groups.
  public var mostGroups: Int { max(groups, groupScaling?.maximum ?? groups) }
}

/// The nodes that ranks are placed on; on one machine they are virtual.
public struct ClusterSpec: Sendable, Equatable, Codable {
  /// Nodes.
  public var nodes: Int
  /// Devices of each node; one rank takes one.
  public var devicesPerNode: Int

  /// Describes nodes of equal size.
  public init(nodes: Int, devicesPerNode: Int) {
    self.nodes = nodes
    self.devicesPerNode = devicesPerNode
  }
}

/// What every rank of a group is started with.
public struct EngineSpec: Sendable, Equatable, Codable {
  /// The program that a rank is.
  public var program: EngineProgram
  /// Ranks of a group (`data_parallel_size`).
  public var size: Int
  /// Ranks of a group on one node (`dp_size_per_node`).
  public var sizePerNode: Int
  /// Requests that one rank runs at once (`max_num_seqs`).
  public var capacity: Int
  /// The engine's arguments that are the same for every rank.
  public var arguments: [String]
  /// The manifest's environment, as `NAME=value`.
  public var environment: [String]
  /// Whether a group goes on when a rank dies, and takes a new process in its place.
  public var recovers: Bool
  /// Rolling restarts that were asked for: one more is a reason to start all groups again.
  @OrEmpty public var restarts: Int = 0

  /// Describes a rank's start.
  public init(
    size: Int, sizePerNode: Int, capacity: Int, arguments: [String], environment: [String] = [],
    recovers: Bool = false, program: EngineProgram = .bundled
  ) {
    self.program = program
    self.recovers = recovers
    self.size = size
    self.sizePerNode = sizePerNode
    self.capacity = capacity
    self.arguments = arguments
    self.environment = environment
  }
}

/// The program that a rank is.
public enum EngineProgram: Sendable, Equatable, Codable {
  /// The engine that comes with the tools: it shares memory with its group and writes a stats page.
  case bundled
  /// `vllm serve`: its group meets over the network, and it is known by its log and its metrics.
  case vllm(VLLMProgram)
}

/// An installed vLLM and how its ranks are run.
public struct VLLMProgram: Sendable, Equatable, Codable {
  /// The program's path.
  public var executable: String
  /// Devices that one engine takes.
  public var devicesPerRank: Int
  /// The devices there are, by the manifest; nil counts from 0.
  public var devices: [String]?
  /// A rank that has requests and makes no step for so long stands still.
  public var standstill: Duration
  /// Engines over which each `vllm serve` balances by itself; nil where it has one alone.
  public var balancedEngines: Int?

  /// Engines behind one `vllm serve`.
  public var engines: Int { balancedEngines ?? 1 }

  /// Describes an installation.
  public init(executable: String, devicesPerRank: Int, devices: [String]?, standstill: Duration) {
    self.executable = executable
    self.devicesPerRank = devicesPerRank
    self.devices = devices
    self.standstill = standstill
  }
}

/// What every ingress process is started with.
public struct IngressSpec: Sendable, Equatable, Codable {
  /// The address it listens on.
  public var host: String
  /// The port it listens on; 0 takes any free one.
  public var port: Int
  /// The arguments that are the same for every replica.
  public var arguments: [String]
  /// Rows of the load board: replicas beyond them need another board, and so another start.
  public var boardRows: Int
  /// What the process is in the way of a request; nil for an ingress replica that clients connect to.
  public var station: IngressStation?
  /// Rolling restarts that were asked for: one more is a reason to start all replicas again.
  @OrEmpty public var restarts: Int = 0

  /// Describes an ingress replica's start.
  public init(host: String, port: Int, arguments: [String], boardRows: Int) {
    self.host = host
    self.port = port
    self.arguments = arguments
    self.boardRows = boardRows
  }
}
