import CommandLine
import Manifest
import Planning

/// What a manifest asks of a rank's memory, and what comes of it.
struct Capacity {
  let plan: RankPlan
  /// `max_model_len`, or the longest sequence of the model.
  let length: Int
  /// `max_num_seqs`.
  let sequences: Int
  /// Data-parallel groups, at most.
  let groups: Int
  /// What the numbers leave out.
  let notCounted: String

  /// Accelerators of all ranks together.
  var devices: Int { plan.ranks * groups * plan.devicesPerRank }
  /// The largest `max_model_len` of which one sequence fits, as far as the model goes.
  var largestLength: Int { min(plan.cacheTokens, plan.shape.longestSequence ?? .max) }
  /// The largest `max_num_seqs` at which each sequence may grow to `max_model_len`.
  var largestSequences: Int { plan.cacheTokens / length }

  /// Plans a manifest.
  ///
  /// - Parameters:
  ///   - deviceBytes: memory of a device; nil is that of the manifest's accelerator.
  ///   - reservedBytes: what of it is set aside.
  init(
    of manifest: Manifest, shape: ModelShape, deviceBytes: Int? = nil, reservedBytes: Int = 0
  ) throws(UsageError) {
    let engine = manifest.engineArguments
    guard let length = engine.maxModelLen ?? shape.longestSequence else {
      throw UsageError(
        "how long are sequences?", help: "set `llm_config.engine_kwargs.max_model_len`")
    }
    self.length = length
    sequences = engine.maxNumSeqs
    groups = manifest.parallelism.mostGroups
    let isBundled = manifest.engine == .bundled
    notCounted =
      isBundled
      ? "the workspace, which a rank prints at its start (`memory: workspace`); --reserve sets it aside"
      : "activations, CUDA graphs and exchange buffers, which vLLM measures at its start; --reserve sets some aside"
    let device = if let deviceBytes { deviceBytes } else { try Self.deviceBytes(of: manifest) }
    var plan = RankPlan(
      shape: shape, ranks: manifest.parallelism.size,
      parameterBytes: try Self.parameterBytes(engine, shape),
      deviceBytes: device)
    plan.devicesPerRank = manifest.devicesPerRank
    plan.redundantExperts = engine.loadBalancing?.numRedundantExperts ?? 0
    plan.cacheElementBytes = engine.dtype.hasPrefix("float") && engine.dtype != "float16" ? 4 : 2
    // The bundled engine keeps bf16 keys in pages whose rows are as wide as its kernels.
    plan.cacheMultiple = isBundled && plan.cacheElementBytes == 2 ? 32 : 1
    plan.utilization = engine.gpuMemoryUtilization
    plan.cacheBytesWanted = engine.cacheMemoryBytes
    plan.blockSize = engine.blockSize
    plan.reservedBytes = reservedBytes
    self.plan = plan
  }

  private static func parameterBytes(_ engine: EngineArguments, _ shape: ModelShape)
    throws(UsageError) -> Double
  {
    // A 32-bit scale for each 128 weights.
    if engine.quantization == "int8" { return 1 + 4.0 / 128 }
    if engine.dtype == "float32" || engine.dtype == "float" { return 4 }
    guard let bytes = shape.parameterBytes else {
      throw UsageError("config.json does not say in which format the weights are")
    }
    return bytes
  }

  private static func deviceBytes(of manifest: Manifest) throws(UsageError) -> Int {
    // The bundled engine's own default.
    if manifest.engine == .bundled {
      return manifest.engineArguments.acceleratorMemoryBytes ?? 1 << 30
    }
    guard let bytes = manifest.acceleratorType.flatMap(Accelerator.bytes) else {
      throw UsageError(
        "which accelerator?",
        help: "--accelerator takes \(Accelerator.names.joined(separator: ", ")), or its memory")
    }
    return bytes
  }
}
