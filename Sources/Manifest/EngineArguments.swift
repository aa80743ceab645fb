/// The arguments of one engine rank that are in effect, under vLLM's names.
public struct EngineArguments: Sendable, Equatable {
  /// Sequences a rank runs at once.
  public let maxNumSeqs: Int
  /// The context limit in tokens; nil takes the model's own.
  public let maxModelLen: Int?
  /// Tokens a rank computes in one step; at least ``maxNumSeqs``.
  public let maxNumBatchedTokens: Int
  /// Tokens in a KV block.
  public let blockSize: Int
  /// The share of ``acceleratorMemoryBytes`` a rank may fill, in (0, 1].
  public let gpuMemoryUtilization: Double
  /// Bytes of a rank's KV cache; nil takes what ``gpuMemoryUtilization`` leaves.
  public let cacheMemoryBytes: Int?
  /// New prompts begin on every n-th step of the group; nil takes the engine's default.
  public let prefillScheduleInterval: Int?
  /// Requests that may wait inside a rank; nil sets no limit.
  public let maxNumQueuedReqs: Int?
  /// The memory of the modelled device in bytes; nil takes the engine's default.
  public let acceleratorMemoryBytes: Int?
  /// The number format of matrix products, in vLLM's words.
  public let dtype: String
  /// The format that weights are squeezed into; nil leaves them as they are.
  public let quantization: String?
  /// Whether experts are sharded over the ranks.
  public let enableExpertParallel: Bool
  /// Which rank owns which expert at the start, in vLLM's word.
  public let expertPlacementStrategy: String
  /// How experts move to even out the load; nil when they stay where they are.
  public let loadBalancing: LoadBalancingArguments?
  /// Whether KV blocks of equal prefixes are shared; nil takes the engine's default.
  public let enablePrefixCaching: Bool?
  /// Whether long prompts are computed over several steps.
  public let enableChunkedPrefill: Bool
  /// Which request goes first: `fcfs` or `priority`.
  public let schedulingPolicy: String
  /// When the two halves of a step overlap; nil when they never do.
  public let overlap: OverlapArguments?
  /// How tokens travel to their experts, in vLLM's word; nil leaves it to the environment and the engine.
  public let allToAllBackend: String?
  /// Tokens of a rank that go through dispatch and combine at once; nil takes the engine's default.
  public let moeDPChunkSize: Int?
  /// LoRA adapters; nil when the model alone is served.
  public let adapters: AdapterArguments?
  /// The seed of requests that bring none.
  public let seed: Int
}

/// LoRA adapters, under vLLM's and Ray Serve's names.
public struct AdapterArguments: Sendable, Equatable {
  /// Adapters that a rank holds at once.
  public let maxLoRAs: Int
  /// The most that an adapter's rank may be.
  public let maxLoRARank: Int
  /// The folder with one for each adapter, as the manifest writes it; nil when there is none.
  public let folder: String?
}

/// Dual batch overlap, under vLLM's names.
public struct OverlapArguments: Sendable, Equatable {
  /// Tokens from which a step without prompts overlaps.
  public let decodeTokenThreshold: Int
  /// Tokens from which a step with prompts overlaps.
  public let prefillTokenThreshold: Int
}

/// `eplb_config`, under vLLM's names.
public struct LoadBalancingArguments: Sendable, Equatable {
  /// Steps whose tokens count as the load.
  public let windowSize: Int
  /// Steps between two rebalancings.
  public let stepInterval: Int
  /// Copies of experts beyond the first, in each layer.
  public let numRedundantExperts: Int
  /// Whether each rebalancing is logged.
  public let logBalancedness: Bool
}
