public import Manifest

extension ApplicationSpec {
  /// The pure image of a manifest whose model lies in `modelFolder`, its adapters in `adapterFolder`, its API keys in
  /// `keysFile`, and the things of its front in `front`.
  public init(
    _ manifest: Manifest, modelFolder: String, adapterFolder: String? = nil, keysFile: String? = nil,
    front: FrontSpec? = nil
  ) {
    let layout = manifest.parallelism
    self.init(
      name: manifest.name, serverName: manifest.serverDeploymentName, groups: layout.groups,
      cluster: ClusterSpec(nodes: layout.nodes, devicesPerNode: layout.devicesPerNode),
      engine: EngineSpec(
        size: layout.size, sizePerNode: layout.sizePerNode,
        capacity: min(manifest.engineArguments.maxNumSeqs, manifest.maxOngoingRequests ?? .max),
        arguments: Self.engineArguments(manifest, modelFolder)
          + Self.adapterArguments(manifest, adapterFolder),
        environment: manifest.environment.map { "\($0.name)=\($0.value)" },
        recovers: manifest.failurePolicy == .recover),
      ingress: IngressSpec(
        host: manifest.ingress.host, port: manifest.ingress.port,
        arguments: Self.ingressArguments(manifest, keysFile),
        boardRows: Self.boardRows(for: manifest.ingressReplicas.maximum)),
      ingressReplicas: manifest.ingressScaling?.initialReplicas ?? manifest.ingressReplicas.minimum,
      ingressScaling: manifest.ingressScaling.map { ScalingRule($0, manifest.ingressReplicas) },
      groupScaling: manifest.groupScaling.map { ScalingRule($0, manifest.groups) },
      drainTimeout: .milliseconds(Int(manifest.rollout.drainTimeoutSeconds * 1000)),
      startTimeout: .milliseconds(Int(manifest.rollout.healthyDeadlineSeconds * 1000)),
      minReady: .milliseconds(Int(manifest.rollout.minReadySeconds * 1000)))
    replacement = ReplacementRule(manifest.rollout)
    stand(behind: front)
  }

  /// Has clients connect to `front`, if there is one.
  package mutating func stand(behind front: FrontSpec?) {
    self.front = front
    ingress.station = front == nil ? nil : .behindFront
  }

  /// What every rank's command line has in common, in vLLM's words.
  private static func engineArguments(_ manifest: Manifest, _ modelFolder: String) -> [String] {
    let engine = manifest.engineArguments
    var arguments = ["--model", modelFolder, "--served-model-name", manifest.model.id]
    func add(_ name: String, _ value: (some CustomStringConvertible)?) {
      if let value { arguments += [name, "\(value)"] }
    }
    add("--max-num-seqs", engine.maxNumSeqs)
    add("--max-model-len", engine.maxModelLen)
    add("--max-num-batched-tokens", engine.maxNumBatchedTokens)
    add("--block-size", engine.blockSize)
    add("--gpu-memory-utilization", engine.gpuMemoryUtilization)
    add("--kv-cache-memory-bytes", engine.cacheMemoryBytes)
    add("--prefill-schedule-interval", engine.prefillScheduleInterval)
    add("--max-num-queued-reqs", engine.maxNumQueuedReqs)
    add("--accelerator-memory", engine.acceleratorMemoryBytes)
    add("--dtype", engine.dtype)
    add("--quantization", engine.quantization)
    add("--moe-dp-chunk-size", engine.moeDPChunkSize)
    add("--all2all-backend", engine.allToAllBackend)
    add("--links", manifest.links)
    add("--expert-placement-strategy", engine.expertPlacementStrategy)
    add("--seed", engine.seed)
    add("--scheduling-policy", engine.schedulingPolicy)
    add("--failure-policy", manifest.failurePolicy.rawValue)
    arguments.append(engine.enableExpertParallel ? "--enable-expert-parallel" : "--no-enable-expert-parallel")
    if !engine.enableChunkedPrefill { arguments.append("--no-enable-chunked-prefill") }
    if let balancing = engine.loadBalancing { arguments += Self.balancingArguments(balancing) }
    if let overlap = engine.overlap {
      arguments.append("--enable-dbo")
      add("--dbo-decode-token-threshold", overlap.decodeTokenThreshold)
      add("--dbo-prefill-token-threshold", overlap.prefillTokenThreshold)
    }
    if let caching = engine.enablePrefixCaching {
      arguments.append(caching ? "--enable-prefix-caching" : "--no-enable-prefix-caching")
    }
    return arguments
  }

  private static func adapterArguments(_ manifest: Manifest, _ folder: String?) -> [String] {
    guard let adapters = manifest.engineArguments.adapters, let folder else { return [] }
    return [
      "--enable-lora", "--lora-folder", folder, "--max-loras", "\(adapters.maxLoRAs)", "--max-lora-rank",
      "\(adapters.maxLoRARank)",
    ]
  }

  private static func balancingArguments(_ balancing: LoadBalancingArguments) -> [String] {
    let fields = [
      #""window_size":\#(balancing.windowSize)"#, #""step_interval":\#(balancing.stepInterval)"#,
      #""num_redundant_experts":\#(balancing.numRedundantExperts)"#,
      #""log_balancedness":\#(balancing.logBalancedness)"#,
    ]
    return ["--enable-eplb", "--eplb-config", "{\(fields.joined(separator: ","))}"]
  }

  /// What every ingress replica's command line has in common.
  private static func ingressArguments(_ manifest: Manifest, _ keysFile: String?) -> [String] {
    let ingress = manifest.ingress
    // Another rank of vLLM would begin an answer anew, so a stream that has begun is never moved.
    var arguments = [
      "--model-id", manifest.model.id, "--policy", ingress.policy.rawValue,
      "--max-queue-wait-s", "\(ingress.maxQueueWaitSeconds)",
      "--max-outage-wait-s", "\(ingress.maxOutageWaitSeconds)",
      "--request-timeout-s", "\(ingress.requestTimeoutSeconds)",
      "--migration-limit", "\(manifest.engine == .vllm ? 0 : ingress.migrationLimit)",
      "--max-queued-requests", "\(ingress.maxQueuedRequests)",
    ]
    arguments += ["--max-body-bytes", "\(ingress.maxBodyBytes)"]
    if ingress.accessLog != .none {
      arguments += [
        "--access-log", ingress.accessLog.rawValue, "--access-log-sample", "\(ingress.accessLogSample)",
      ]
    }
    if !ingress.corsOrigins.isEmpty {
      arguments += ["--cors-origins", ingress.corsOrigins.joined(separator: ",")]
    }
    if let limit = ingress.maxOngoingRequests {
      arguments += ["--max-ongoing-requests", "\(limit * manifest.ingressReplicas.maximum)"]
    }
    if manifest.engineArguments.adapters != nil { arguments.append("--enable-lora") }
    if let collector = ingress.tracesCollector { arguments += ["--otlp-endpoint", collector] }
    if let keysFile { arguments += ["--api-keys-file", keysFile] }
    return arguments
  }

  /// Rows of the load board for `count` replicas and their surge: a power of two, at least eight.
  static func boardRows(for count: Int) -> Int {
    var rows = 8
    while rows < count + IngressSet.surge(count) { rows *= 2 }
    return rows
  }
}

extension ReplacementRule {
  init(_ settings: RolloutSettings) {
    surges = settings.strategy == .surge
    most = settings.strategy == .recreate ? nil : settings.maxUnavailable
  }
}

extension ScalingRule {
  init(_ settings: ScalingSettings, _ bounds: ReplicaBounds) {
    self.init(minimum: bounds.minimum, maximum: bounds.maximum)
    initial = settings.initialReplicas
    targetOngoingRequests = settings.targetOngoingRequests
    lookBackSeconds = settings.lookBackSeconds
    upscaleDelaySeconds = settings.upscaleDelaySeconds
    downscaleDelaySeconds = settings.downscaleDelaySeconds
    upscalingFactor = settings.upscalingFactor
    downscalingFactor = settings.downscalingFactor
    aggregation = Aggregation(rawValue: settings.aggregation) ?? .mean
  }
}
