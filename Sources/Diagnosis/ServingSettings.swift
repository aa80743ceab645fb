/// The part of a manifest, and of the machine under it, that the rules compare with.
public struct ServingSettings: Sendable, Equatable {
  /// Ranks of a group.
  public var dataParallelSize: Int
  /// Groups.
  public var groups = 1
  /// Ranks of a group on one node.
  public var sizePerNode = 1
  /// Processor cores that the ranks share; nil when they compute on accelerators.
  public var cores: Int?
  /// The most requests that a rank runs at once.
  public var maxNumSequences: Int
  /// The most tokens of one step of a rank.
  public var maxNumBatchedTokens: Int
  /// How many ingress replicas there should be.
  public var ingressReplicas: Int
  /// How many there may be.
  public var maxIngressReplicas: Int?
  /// Whether the manifest gives their number alone (`num_replicas`), and no range.
  public var fixesIngressReplicas = false
  /// How the ingress chooses a rank.
  public var routingPolicy = ""
  /// Requests that may wait over all ingress replicas; -1 sets no limit.
  public var maxQueuedRequests = -1
  /// The longest that one of them may wait, in seconds.
  public var maxQueueWaitSeconds = 60.0
  /// The share of an accelerator's memory that may be used, from 0 to 1.
  public var gpuMemoryUtilization: Double
  /// Whether experts are sharded over the ranks.
  public var expertParallel = true
  /// Whether experts move to even out the load.
  public var balancesExperts = false
  /// Copies of experts beyond the first.
  public var redundantExperts = 0
  /// Whether KV blocks of equal prefixes are shared; nil when the manifest does not say.
  public var prefixCaching: Bool?
  /// Tokens of a rank from which a decode step runs as two half-batches; nil when none does.
  public var overlapThreshold: Int?
  /// Tokens of a rank that go to their experts at once; nil when nobody knows.
  public var dispatchChunk: Int?
  /// What lies between ranks, as JSON; nil is memory.
  public var links: String?
  /// The promised time to first token, if one was given.
  public var ttftSeconds: Double?
  /// The promised time per output token, if one was given.
  public var tpotSeconds: Double?
  /// Variables that the manifest sets and the engine does not heed.
  public var ineffectiveVariables: [IneffectiveVariable] = []

  /// Collects the settings that every manifest has.
  public init(
    dataParallelSize: Int, maxNumSequences: Int, maxNumBatchedTokens: Int, ingressReplicas: Int,
    gpuMemoryUtilization: Double
  ) {
    self.dataParallelSize = dataParallelSize
    self.maxNumSequences = maxNumSequences
    self.maxNumBatchedTokens = maxNumBatchedTokens
    self.ingressReplicas = ingressReplicas
    self.gpuMemoryUtilization = gpuMemoryUtilization
  }

  /// Ranks of all groups.
  var totalRanks: Int { dataParallelSize * groups }

  /// Whether a link between nodes is down.
  var hasDownLink: Bool { links?.contains("\"down\"") ?? false }
}

/// A variable of the environment without an effect on the engine.
public struct IneffectiveVariable: Sendable, Equatable {
  /// The variable's name.
  public var name: String
  /// Why it has none.
  public var reason: String
  /// What to write in its place, if anything.
  public var instead: String?

  /// Names a variable.
  public init(name: String, reason: String, instead: String?) {
    self.name = name
    self.reason = reason
    self.instead = instead
  }
}
