public import ExpertParallel
public import Platform
public import Scheduling
public import Tensors

/// What the command line says of one rank, in vLLM's words.
public struct EngineOptions: Equatable, Sendable {
  /// The model's folder.
  public var model = ""
  /// The name that clients use; the folder's own name when nothing is said.
  public var servedModelName: String?
  /// Where to listen.
  public var endpoint = Endpoint.tcp(host: "127.0.0.1", port: 8000)
  /// Ranks of the group.
  public var dataParallelSize = 1
  /// The most ranks that the group may grow to; nil is ``dataParallelSize``.
  public var dataParallelCapacity: Int?
  /// This one's number in the group; ranks from ``dataParallelSize`` on join a group that is formed.
  public var dataParallelRank = 0
  /// The group's shared segment, an inherited descriptor; a lone rank makes its own.
  public var groupDescriptor: Int32?
  /// The life of the group that this rank belongs to.
  public var epoch: UInt64 = 1
  /// Where to publish statistics; nil keeps them to `/metrics`.
  public var statsPage: String?
  /// The most sequences that run at once.
  public var maxSequences = 256
  /// The most tokens of a sequence; nil is what the model was made for.
  public var maxModelLength: Int?
  /// The most tokens of one step.
  public var maxBatchedTokens: Int?
  /// Tokens of a KV block.
  public var blockSize = 16
  /// New prompts begin on every n-th step of the group.
  public var prefillScheduleInterval = 1
  /// Bytes of the KV cache; nil takes what ``memoryUtilization`` leaves.
  public var cacheBytes: Int?
  /// The share of the accelerator's memory that this rank may use.
  public var memoryUtilization = 0.9
  /// Bytes of memory of the (virtual) accelerator.
  public var acceleratorMemory = 1 << 30
  /// Tokens that a rank sends to the experts at once.
  public var dispatchChunk = 256
  /// How tokens travel to their experts; nil reads them out of the sources' memory.
  public var backend: ExchangeBackend?
  /// The virtual node of each rank; nil puts all on one.
  public var nodes: [Int]?
  /// What lies between the nodes; its nodes are ``nodes``.
  public var links: LinkModel?
  /// Whether a step's two halves overlap, one computing while the other's rows travel.
  public var enableDBO = false
  /// Tokens from which a step without prompts overlaps.
  public var overlapDecodeThreshold = 32
  /// Tokens from which a step with prompts overlaps.
  public var overlapPrefillThreshold = 512
  /// The number format of matrix products without quantization; nil takes what suits the weights and the processor.
  public var dtype: Arithmetic?
  /// The format that weights and activations are squeezed into for products, instead of ``dtype``.
  public var quantization: Quantization?
  /// Whether weights are packed, once for all ranks, instead of at every use.
  public var packsWeights = true
  /// The folder of packed weights; nil is one in the user's cache.
  public var packedWeights: String?
  /// Whether equal prefixes of prompts share their KV blocks.
  public var enablePrefixCaching = false
  /// Whether a long prompt may be computed over several steps.
  public var enableChunkedPrefill = true
  /// Which waiting request goes first.
  public var schedulingPolicy = SchedulingPolicy.fcfs
  /// Whether each rank owns a part of the experts.
  public var enableExpertParallel = true
  /// Which rank owns which expert at the start.
  public var expertPlacement = ExpertPlacementStrategy.linear
  /// Whether experts move to even out the load.
  public var enableEPLB = false
  /// How they move.
  public var loadBalancing = LoadBalancing()
  /// Whether each rebalancing is logged.
  public var logsBalancedness = false
  /// Whether requests may ask for adapters.
  public var enableLoRA = false
  /// Folders of adapters by their names.
  public var loraModules: [String: String] = [:]
  /// A folder with one for each adapter, by its name; nil when there is none.
  public var loraFolder: String?
  /// Adapters that a rank holds at once.
  public var maxLoRAs = 1
  /// The most that an adapter's rank may be.
  public var maxLoRARank = 16
  /// Whether clients may name and forget adapters while the rank runs.
  public var allowsLoRAUpdates = false
  /// The most requests that may wait; nil is no limit.
  public var maxQueuedRequests: Int?
  /// KV blocks in place of those that the memory has room for, as tests of a full cache want them.
  public var blockCountOverride: Int?
  /// Whether the weights of experts that other ranks own are made unreadable, which proves that nobody reads them.
  public var guardsForeignExperts = false
  /// What the group does when a rank dies.
  public var failurePolicy = FailurePolicy.restartGang
  /// Seeds the draws of requests that bring no seed; nil takes one by chance.
  public var seed: UInt64?

  /// The defaults, without a model.
  public init() {}

  /// The most tokens of one step, chosen like vLLM for a processor when nothing is said.
  public var batchedTokens: Int { max(maxBatchedTokens ?? 2048, maxBatchedTokens == nil ? maxSequences : 1) }

  /// How matrices are multiplied; nil takes what suits the weights and the processor.
  public var arithmetic: Arithmetic? {
    switch quantization {
    case .int8: .int8
    case nil: dtype
    }
  }

  /// The served name.
  public var modelName: String {
    servedModelName ?? model.split(separator: "/").last.map(String.init) ?? model
  }
}

/// Formats that weights are squeezed into when they are loaded; the words are vLLM's.
public enum Quantization: String, CaseIterable, Sendable {
  /// Eight-bit weights and activations, with a scale for each 128 of them.
  case int8
}

/// What a group does when one of its ranks dies; the words are the manifest's.
public enum FailurePolicy: String, CaseIterable, Sendable {
  /// All ranks end, as Ray Serve's gang does.
  case restartGang = "restart_gang"
  /// The others take over its experts and go on; a new process may take its place.
  case recover
}
