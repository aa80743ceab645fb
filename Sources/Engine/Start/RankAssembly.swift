import ExpertParallel
import Model
import Platform
import Scheduling
import Telemetry
import Tensors

/// What the loop's thread must know of an engine that is ready.
struct EngineFacts: Sendable {
  let limits: RequestPlanner.Limits
  let blockCount: Int
  let memory: MemoryPlan
  /// Ranks in the group when this one took its place.
  let ranks: Int
}

/// Puts a rank together on its compute thread: joins the group, loads the model, divides the memory, warms up.
final class RankAssembly {
  private let options: EngineOptions
  private let stats: StatsPageWriter<RankStats>
  private let configuration: ModelConfiguration
  private let group: ExpertGroup

  /// How long ranks wait for each other at the start; loading a large model takes its time on some of them.
  static let rendezvousTimeout = Duration.seconds(120)

  /// - Parameter control: this rank's hold on the group, already open.
  init(
    _ options: EngineOptions, _ configuration: ModelConfiguration, _ control: GroupControl,
    _ stats: StatsPageWriter<RankStats>
  ) throws(EngineError) {
    self.options = options
    self.stats = stats
    self.configuration = configuration
    var policy = WaitPolicy.standard(world: options.dataParallelSize)
    policy.recovers = options.failurePolicy == .recover
    group = try Self.grouping { [policy] () throws(ExpertParallelError) in
      try ExpertGroup(control, policy: policy)
    }
    if options.logsBalancedness { group.reportRebalancing = Self.log }
  }

  private static func log(_ rebalancing: Rebalancing) {
    func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
    ProcessLog.write(
      "EPLB before step \(rebalancing.step): balancedness was \(percent(rebalancing.balancedness)),"
        + " \(percent(rebalancing.expected)) expected; \(rebalancing.moves) experts moved")
  }

  /// The ways in which a group can break, as an error of this module.
  static func grouping<Value>(_ body: () throws(ExpertParallelError) -> Value) throws(EngineError) -> Value {
    do { return try body() } catch {
      switch error {
      case .invalidShape, .shapeMismatch, .termsMismatch: throw .configuration("\(error)")
      default: throw .group("\(error)")
      }
    }
  }

  /// Opens the group's segment, or makes one for a rank that is alone.
  static func openGroup(
    _ options: EngineOptions, _ configuration: ModelConfiguration
  ) throws(EngineError) -> GroupControl {
    if let objection = options.transport.links?.objection { throw .configuration(objection) }
    return try grouping { () throws(ExpertParallelError) in
      let shape = try ExchangeShape(
        world: options.dataParallelCapacity ?? options.dataParallelSize, founders: options.dataParallelSize,
        hidden: configuration.hiddenSize, topK: configuration.experts.perToken,
        experts: configuration.experts.count, layers: configuration.moeLayerCount,
        chunk: options.dispatchChunk, halves: options.overlap == nil ? 1 : 2)
      let segment =
        if let descriptor = options.groupDescriptor {
          SharedMemory(FileDescriptor(owning: descriptor))
        } else {
          try GroupControl.makeSegment()
        }
      return try GroupControl(
        segment: segment, rank: options.dataParallelRank, shape: shape, epoch: options.epoch,
        placement: .initial(options.expertPlacement, shape),
        balancing: options.enableEPLB ? options.loadBalancing : nil, transport: options.transport,
        until: .after(rendezvousTimeout))
    }
  }

  /// Goes through the phases of the start; the result is ready to run.
  func assemble(
    inbox: Mailbox<EngineCommand>, report: @escaping @Sendable (EngineEvent) -> Void
  ) throws(EngineError) -> ComputeLoop {
    stats.set(.epoch, Double(options.epoch))
    stats.set(.maxNumSeqs, Double(options.maxSequences))
    stats.enter(.loadWeights)
    let model = try loadModel()
    if options.guardsForeignExperts {
      try ExpertGuard.close(model.experts, group.control.placement, rank: options.dataParallelRank)
    }
    stats.enter(.kvAlloc)
    let length = try modelLength()
    let memory = memory(model)
    let blocks: Int
    if let override = options.blockCountOverride {
      blocks = override
    } else {
      blocks = try memory.blockCount(maxModelLength: length)
    }
    let scheduler = try scheduler(blocks: blocks, length: length)
    let executor = try ModelExecutor(
      model, blockCount: blocks, blockSize: options.blockSize, maxSequences: options.maxSequences)
    memory.lines(blocks: blocks).forEach { ProcessLog.write($0) }
    announce(blocks: blocks, length: length)
    stats.enter(.rendezvous)
    try Self.grouping { () throws(ExpertParallelError) in
      try group.join(until: .after(Self.rendezvousTimeout))
    }
    stats.enter(.warmup)
    try warmUp(executor)
    report(
      .ready(
        EngineFacts(
          limits: limits(length), blockCount: blocks, memory: memory, ranks: group.membership.ranks.count)))
    return ComputeLoop(
      inbox: inbox, scheduler: scheduler, executor: executor, group: group, overlap: options.overlap,
      prefillInterval: options.prefillScheduleInterval,
      stats: stats, report: report)
  }

  private func loadModel() throws(EngineError) -> LanguageModel {
    do {
      let model = try LanguageModel(
        folder: options.model, maxBatchTokens: options.batchedTokens, arithmetic: options.arithmetic,
        packedCache: options.packsWeights ? options.packedWeights : nil)
      announce(model.layout)
      return model
    } catch { throw .configuration("\(error)") }
  }

  private func announce(_ layout: WeightLayout) {
    let place =
      if let path = layout.packedPath {
        "weights packed in \(path)"
      } else if let obstacle = layout.obstacle {
        "weights in place, slower, as they could not be packed: \(obstacle)"
      } else {
        "weights in place"
      }
    ProcessLog.write(
      "multiplies in \(layout.arithmetic.rawValue) (\(Arithmetic.instructionSet)), \(place)")
  }

  private func modelLength() throws(EngineError) -> Int {
    let limit = configuration.maxPositions
    guard let wanted = options.maxModelLength else { return limit }
    guard wanted <= limit else {
      throw .configuration(
        "max_model_len \(wanted) is greater than the model's max_position_embeddings \(limit)"
          + " in \(options.model)/config.json; lower max_model_len")
    }
    return wanted
  }

  private func memory(_ model: LanguageModel) -> MemoryPlan {
    var plan = MemoryPlan(
      accelerator: options.acceleratorMemory, utilization: options.memoryUtilization,
      weights: weightShare(model), workspace: workspace,
      blockBytes: KeyValueCache.bytesPerBlock(
        configuration, blockSize: options.blockSize, format: model.layout.arithmetic.cacheFormat),
      blockSize: options.blockSize)
    plan.cacheBytes = options.cacheBytes
    (plan.dispatchChunk, plan.exchange) = (options.dispatchChunk, exchangeBytes)
    return plan
  }

  /// Bytes of all weights but the routed experts that only other ranks have; redundant copies count.
  private func weightShare(_ model: LanguageModel) -> Int {
    var foreign = 0
    for layer in 0..<model.experts.moeLayerCount {
      let owned = Set(group.ownExperts(layer: layer))
      for expert in 0..<configuration.experts.count where !owned.contains(expert) {
        foreign += model.experts.byteCount(moeLayer: layer, expert: expert)
      }
    }
    return model.weightBytes - foreign
  }

  /// Bytes of activations, logits, this rank's part of the exchange, and adapters.
  private var workspace: Int {
    let rows = options.batchedTokens * configuration.hiddenSize * 8
    let logits = options.maxSequences * configuration.vocabularySize
    let adapter = LoRAAdapter.byteCount(configuration, rank: options.maxLoRARank)
    return (rows + logits) * MemoryLayout<Float>.stride + exchangeBytes
      + (options.enableLoRA ? options.maxLoRAs * adapter : 0)
  }

  /// This rank's part of the group's segment, and the copies that its backend makes.
  private var exchangeBytes: Int {
    let shape = group.control.shape
    let redundant = options.enableEPLB ? options.loadBalancing.redundantExperts : 0
    return shape.segmentBytes / shape.world
      + shape.copiedBytes(options.backend, redundantExperts: redundant)
  }

  private func scheduler(blocks: Int, length: Int) throws(EngineError) -> Scheduler {
    var limits = SchedulerConfiguration(
      maxBatchedTokens: options.batchedTokens, maxSequences: options.maxSequences, maxModelLength: length,
      blockSize: options.blockSize, blockCount: blocks)
    limits.enablePrefixCaching = options.enablePrefixCaching
    limits.enableChunkedPrefill = options.enableChunkedPrefill
    limits.policy = options.schedulingPolicy
    limits.maxQueuedRequests = options.maxQueuedRequests
    do { return try Scheduler(limits) } catch { throw .configuration("\(error)") }
  }

  private func announce(blocks: Int, length: Int) {
    let tokens = blocks * options.blockSize
    stats.set(.kvBlocksTotal, Double(blocks))
    ProcessLog.write("GPU KV cache size: \(tokens) tokens")
    let concurrency = (Double(tokens) / Double(length) * 100).rounded() / 100
    ProcessLog.write("Maximum concurrency for \(length) tokens per request: \(concurrency)x")
  }

  private func warmUp(_ executor: ModelExecutor) throws(EngineError) {
    try Self.grouping { () throws(ExpertParallelError) in
      while true {
        do throws(ExpertParallelError) {
          _ = try group.agree(StepIntent(tokens: 1, unfinished: true))
          return try executor.warmUp(group)
        } catch {
          guard case .membershipChanged = error else { throw error }
          try group.enterView()
        }
      }
    }
  }

  private func limits(_ length: Int) -> RequestPlanner.Limits {
    RequestPlanner.Limits(
      modelName: options.modelName, vocabularySize: configuration.vocabularySize, maxModelLength: length,
      endTokens: Set(configuration.endTokens))
  }
}
