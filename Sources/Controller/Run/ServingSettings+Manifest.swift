import Diagnosis
import Manifest

extension ServingSettings {
  /// What the hints must know of a manifest, and of the machine that carries it out; nil where that is a cluster.
  init(_ manifest: Manifest, cores: Int?) {
    let engine = manifest.engineArguments
    let isBundled = manifest.engine == .bundled
    self.init(
      dataParallelSize: manifest.parallelism.size, maxNumSequences: engine.maxNumSeqs,
      maxNumBatchedTokens: engine.maxNumBatchedTokens, ingressReplicas: manifest.ingressReplicas.minimum,
      gpuMemoryUtilization: engine.gpuMemoryUtilization)
    maxIngressReplicas = manifest.ingressReplicas.maximum
    fixesIngressReplicas = manifest.settings[FieldPath.ingressReplicas].map { $0.value != .null } ?? false
    groups = manifest.parallelism.groups
    sizePerNode = manifest.parallelism.sizePerNode
    // Ranks of vLLM compute on accelerators.
    self.cores = isBundled ? cores : nil
    routingPolicy = manifest.ingress.policy.rawValue
    maxQueuedRequests = manifest.ingress.maxQueuedRequests
    maxQueueWaitSeconds = manifest.ingress.maxQueueWaitSeconds
    expertParallel = engine.enableExpertParallel
    balancesExperts = engine.loadBalancing != nil
    redundantExperts = engine.loadBalancing?.numRedundantExperts ?? 0
    prefixCaching = engine.enablePrefixCaching
    overlapThreshold = engine.overlap?.decodeTokenThreshold
    dispatchChunk = isBundled ? engine.moeDPChunkSize ?? Self.bundledDispatchChunk : nil
    links = manifest.links
    ttftSeconds = manifest.objective.ttftMilliseconds.map { $0 / 1000 }
    tpotSeconds = manifest.objective.tpotMilliseconds.map { $0 / 1000 }
    if isBundled { ineffectiveVariables = manifest.environment.compactMap(IneffectiveVariable.init) }
  }

  /// The bundled engine's `--moe-dp-chunk-size` when nobody gives one.
  private static let bundledDispatchChunk = 256
}

extension IneffectiveVariable {
  /// Nil for a variable that the bundled engine heeds, or of which nothing is known.
  fileprivate init?(_ variable: EnvironmentVariable) {
    guard let known = KnownVariable.named(variable.name), case .noEffect(let reason) = known.bundled else {
      return nil
    }
    self.init(name: variable.name, reason: reason, instead: known.instead)
  }
}
