extension Manifest {
  /// Builds the manifest out of checked values; nil only where a required value is missing, which was reported.
  init?(_ checked: Checker, _ layout: ParallelLayout) {
    guard let name = checked.text(FieldPath.name), let id = checked.text(FieldPath.modelID) else {
      return nil
    }
    self.name = name
    backend = checked.word(FieldPath.backend, .local)
    engine = checked.engine
    model = ModelSettings(id: id, source: checked.text(FieldPath.modelSource) ?? id)
    acceleratorType = checked.text(FieldPath.acceleratorType)
    parallelism = layout
    environment = checked.environment
    engineArguments = EngineArguments(checked, environment: checked.environment)
    links = checked.isGiven(FieldPath.links) ? checked.value(FieldPath.links).json() : nil
    cluster = ClusterSettings(checked)
    maxOngoingRequests = checked.integer(FieldPath.maxOngoing)
    ingressReplicas = checked.ingressBounds
    ingressScaling =
      ingressReplicas.minimum < ingressReplicas.maximum
      ? ScalingSettings(checked, at: FieldPath.ingressScaling) : nil
    groups = checked.groupBounds
    groupScaling =
      groups.minimum < groups.maximum ? ScalingSettings(checked, at: FieldPath.groupScaling) : nil
    ingress = IngressSettings(checked)
    objective = ServiceObjective(
      ttftMilliseconds: checked.number(FieldPath.ttft), tpotMilliseconds: checked.number(FieldPath.tpot),
      goodput: checked.number(FieldPath.goodput))
    rollout = RolloutSettings(
      strategy: checked.word(FieldPath.strategy, .surge),
      maxUnavailable: checked.integer(FieldPath.maxUnavailable) ?? 1,
      drainTimeoutSeconds: checked.number(FieldPath.drainTimeout) ?? checked.number(
        FieldPath.gracefulShutdown) ?? 20,
      healthyDeadlineSeconds: checked.number(FieldPath.healthyDeadline) ?? 600,
      minReadySeconds: checked.number(FieldPath.minReady) ?? 0,
      autoRollback: checked.flag(FieldPath.autoRollback) ?? true)
    healthCheck = HealthCheck(checked)
    failurePolicy =
      engine == .vllm || backend == .ray ? .restartGang : checked.word(FieldPath.failurePolicy, .recover)
    vllm = engine == .vllm ? VLLMSettings(checked) : nil
    settings = checked.settings(layout)
  }
}

extension EngineArguments {
  init(_ checked: Checker, environment: [EnvironmentVariable]) {
    maxNumSeqs = checked.sequencesInEffect
    maxModelLen = checked.integer(FieldPath.maxModelLen)
    maxNumBatchedTokens = checked.batchedTokensInEffect
    blockSize = checked.integer(FieldPath.blockSize) ?? 16
    gpuMemoryUtilization = checked.number(FieldPath.memoryUtilization) ?? 0.9
    cacheMemoryBytes = checked.integer(FieldPath.cacheMemory)
    prefillScheduleInterval = checked.integer(FieldPath.prefillInterval)
    maxNumQueuedReqs = checked.integer(FieldPath.queuedRequests)
    acceleratorMemoryBytes = checked.integer(FieldPath.acceleratorMemory)
    dtype = checked.text(FieldPath.dtype) ?? "auto"
    quantization = checked.text(FieldPath.quantization)
    enableExpertParallel = checked.flag(FieldPath.expertParallel) ?? true
    expertPlacementStrategy = checked.text(FieldPath.expertPlacement) ?? "linear"
    loadBalancing = checked.flag(FieldPath.eplb) == true ? LoadBalancingArguments(checked) : nil
    enablePrefixCaching = checked.flag(FieldPath.prefixCaching)
    enableChunkedPrefill = checked.flag(FieldPath.chunkedPrefill) ?? true
    schedulingPolicy = checked.text(FieldPath.schedulingPolicy) ?? "fcfs"
    overlap = checked.flag(FieldPath.dbo) == true ? OverlapArguments(checked) : nil
    allToAllBackend = checked.text(FieldPath.backendOfExperts)
    moeDPChunkSize = environment.last { $0.name == KnownVariable.chunkSizeName }.flatMap {
      Checker.chunkSize($0.value)
    }
    adapters = checked.servesAdapters ? AdapterArguments(checked) : nil
    seed = checked.integer(FieldPath.seed) ?? 0
  }
}

extension AdapterArguments {
  init(_ checked: Checker) {
    let held = checked.isGiven(FieldPath.adapterFolder) ? checked.integer(FieldPath.adaptersHeld) : nil
    maxLoRAs = checked.integer(FieldPath.maxLoRAs) ?? held ?? 1
    maxLoRARank = checked.integer(FieldPath.maxLoRARank) ?? 16
    folder = checked.text(FieldPath.adapterFolder)
  }
}

extension OverlapArguments {
  init(_ checked: Checker) {
    decodeTokenThreshold = checked.integer(FieldPath.dboDecode) ?? 32
    prefillTokenThreshold = checked.integer(FieldPath.dboPrefill) ?? 512
  }
}

extension LoadBalancingArguments {
  init(_ checked: Checker) {
    windowSize = checked.integer(FieldPath.eplbWindow) ?? 1000
    stepInterval = checked.integer(FieldPath.eplbInterval) ?? 3000
    numRedundantExperts = checked.integer(FieldPath.redundantExperts) ?? 0
    logBalancedness = checked.flag(FieldPath.logBalancedness) ?? false
  }
}

extension IngressSettings {
  init(_ checked: Checker) {
    host = checked.text(FieldPath.host) ?? "127.0.0.1"
    port = checked.integer(FieldPath.port) ?? 8000
    policy = checked.word(FieldPath.policy, .powerOfTwo)
    maxOngoingRequests = checked.integer(FieldPath.ingressMaxOngoing)
    maxQueuedRequests = checked.integer(FieldPath.maxQueuedRequests) ?? 4096
    maxQueueWaitSeconds = checked.number(FieldPath.maxQueueWait) ?? 60
    maxOutageWaitSeconds = checked.number(FieldPath.maxOutageWait) ?? 60
    requestTimeoutSeconds = checked.number(FieldPath.requestTimeout) ?? 600
    migrationLimit = checked.integer(FieldPath.migrationLimit) ?? 3
    maxBodyBytes = checked.integer(FieldPath.maxBodySize) ?? 16 << 20
    tracesCollector = checked.text(FieldPath.tracesCollector)
    corsOrigins = checked.texts(FieldPath.corsOrigins)
    accessLog = checked.word(FieldPath.accessLog, .none)
    accessLogSample = checked.number(FieldPath.accessLogSample) ?? 1
    apiKeysFile = checked.text(FieldPath.apiKeysFile)
    haproxy = checked.front == .haproxy ? HAProxySettings(checked) : nil
  }
}

extension HAProxySettings {
  init(_ checked: Checker) {
    certificate = checked.text(FieldPath.certificate)
    key = checked.text(FieldPath.certificateKey)
    offersHTTP2 = checked.flag(FieldPath.http2) ?? true
    requestsPerSecond = checked.number(FieldPath.rateLimit)
    rateLimitKey = checked.word(FieldPath.rateLimitKey, .address)
    checkIntervalSeconds = checked.number(FieldPath.frontCheckInterval) ?? 2
    threads = checked.integer(FieldPath.frontThreads) ?? 1
    maxConnections = checked.integer(FieldPath.maxConnections) ?? 10_000
    executable = checked.text(FieldPath.frontExecutable) ?? "haproxy"
  }
}

extension Checker {
  /// A choice as its type; the schema allows only words the type has.
  func word<Word: RawRepresentable<String>>(_ path: String, _ fallback: Word) -> Word {
    text(path).flatMap(Word.init(rawValue:)) ?? fallback
  }

  /// The ranks' variables in the order of the file.
  var environment: [EnvironmentVariable] {
    guard let read = values[FieldPath.variables], case .map(let members) = read.value else { return [] }
    return members.compactMap { member in
      guard case .text(let value) = member.value else { return nil }
      return EnvironmentVariable(
        name: member.key, value: value, isSecret: read.secretItems.contains(member.key))
    }
  }

  /// Every field with its value in effect; variables are fields of their own, below `env_vars`.
  func settings(_ layout: ParallelLayout) -> Settings {
    let derived: [String: Value] = [
      FieldPath.modelSource: .text(text(FieldPath.modelSource) ?? text(FieldPath.modelID) ?? ""),
      FieldPath.sizePerNode: .integer(layout.sizePerNode), FieldPath.nodes: .integer(layout.nodes),
      FieldPath.devices: .integer(layout.devicesPerNode),
      FieldPath.maxNumSeqs: .integer(sequencesInEffect),
      FieldPath.maxNumBatchedTokens: .integer(batchedTokensInEffect),
      FieldPath.groups: hasGroupRange ? .null : .integer(groupBounds.minimum),
      FieldPath.groupMinimum: hasGroupRange ? .integer(groupBounds.minimum) : .null,
      FieldPath.groupMaximum: hasGroupRange ? .integer(groupBounds.maximum) : .null,
      FieldPath.ingressReplicas: .null,
      FieldPath.ingressMinimum: .integer(ingressBounds.minimum),
      FieldPath.ingressMaximum: .integer(ingressBounds.maximum),
      FieldPath.drainTimeout: value(FieldPath.drainTimeout) == .null
        ? value(FieldPath.gracefulShutdown) : value(FieldPath.drainTimeout),
    ]
    return Settings(
      ManifestSchema.entries.flatMap { entry -> [Settings.Entry] in
        switch entry.field.kind {
        case .section, .refused: return []
        case .variables: return variableEntries(entry)
        default:
          return [
            Settings.Entry(
              path: entry.path,
              value: isLeftToVLLM(entry.path) ? .null : derived[entry.path] ?? value(entry.path),
              span: span(entry.path),
              isSecret: entry.field.isSecret, changeClass: entry.changeClass(on: engine))
          ]
        }
      })
  }

  /// Whether vLLM chooses the value: the file gives none, and vLLM is not told of ours.
  private func isLeftToVLLM(_ path: String) -> Bool {
    engine == .vllm && path.hasPrefix(FieldPath.engineArguments + ".") && !isGiven(path)
      && !VLLMSettings.alwaysTold.contains(path)
  }

  private func variableEntries(_ entry: ManifestSchema.Entry) -> [Settings.Entry] {
    environment.map { variable in
      Settings.Entry(
        path: entry.path + "." + variable.name, value: .text(variable.value),
        span: values[entry.path]?.itemSpans[variable.name], isSecret: variable.isSecret,
        changeClass: entry.changeClass(on: engine))
    }
  }
}
