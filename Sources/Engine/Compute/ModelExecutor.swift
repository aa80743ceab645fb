import ExpertParallel
import Model
import Platform
import Scheduling
import Tensors

/// Runs planned steps on the real model: one rank's weights, KV cache and logits.
final class ModelExecutor {
  /// Nanoseconds of a step and of its part in the experts.
  struct Times {
    var forward = 0
    var experts = 0
  }

  let model: LanguageModel
  private let cache: KeyValueCache
  private let logits: FloatBuffer
  private let logitRows: Int
  private var batch = ForwardBatch()

  /// An executor with a KV cache of `blockCount` blocks.
  init(
    _ model: LanguageModel, blockCount: Int, blockSize: Int, maxSequences: Int
  ) throws(EngineError) {
    self.model = model
    logitRows = min(maxSequences, model.maxBatchTokens)
    do {
      cache = try KeyValueCache(
        model.configuration, blockCount: blockCount, blockSize: blockSize,
        format: model.layout.arithmetic.cacheFormat)
    } catch {
      throw .configuration("\(error)")
    }
    do {
      logits = try FloatBuffer(count: maxSequences * model.configuration.vocabularySize)
    } catch {
      throw .configuration("\(error)")
    }
  }

  /// Computes `plan`, or takes part in the exchange without tokens when it is empty.
  ///
  /// - Parameter adapter: What the tokens of a sequence go through.
  func run(
    _ plan: StepPlan, _ group: ExpertGroup, adapter: (RequestID) -> LoRAAdapter?
  ) throws(ExpertParallelError) -> Times {
    batch.removeAll()
    for entry in plan.entries {
      batch.append(
        plan.tokens[entry.rows], contextLength: entry.positions.lowerBound, blockTable: entry.blockTable,
        wantsLogits: entry.samples, adapter: adapter(entry.id))
    }
    return try run(group)
  }

  /// Computes one token that belongs to nobody, so that the first request meets warm memory and a working group.
  func warmUp(_ group: ExpertGroup) throws(ExpertParallelError) {
    batch.removeAll()
    batch.append([0], contextLength: 0, blockTable: [0], wantsLogits: true)
    _ = try run(group)
  }

  private func run(_ group: ExpertGroup) throws(ExpertParallelError) -> Times {
    let experts = ExchangedExperts(group, model.experts)
    let start = Instant.now
    let rows = UnsafeMutableBufferPointer(
      start: logits.base, count: batch.logitRows.count * model.configuration.vocabularySize)
    if group.decision?.overlaps == true {
      try model.forwardInHalves(batch, cache: cache, experts: experts, logits: rows)
    } else {
      try model.forward(batch, cache: cache, experts: experts, logits: rows)
    }
    return Times(
      forward: Int((Instant.now - start).wholeNanoseconds), experts: Int(experts.elapsed.wholeNanoseconds))
  }

  /// Gives `body` the logits of each of these rows of the latest run, in place of ``logits(of:)``.
  func forEachLogits(of rows: Range<Int>, _ body: (UnsafeMutableBufferPointer<Float>) -> Void) {
    let all = UnsafeMutableBufferPointer(
      start: logits.base, count: logitRows * model.configuration.vocabularySize)
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: logitRows) {
      let slice = Array(first..<min(first + logitRows, rows.upperBound))
      model.logits(ofRows: slice, into: all)
      for index in slice.indices { body(logits(of: index)) }
    }
  }

  /// The logits of the `index`th sequence that samples, valid until the next run.
  func logits(of index: Int) -> UnsafeMutableBufferPointer<Float> {
    let width = model.configuration.vocabularySize
    return UnsafeMutableBufferPointer(start: logits.base + index * width, count: width)
  }
}

/// Sends the model's routed tokens to the experts' owners, and computes those that this rank owns.
private final class ExchangedExperts: OverlappedDispatch {
  private let group: ExpertGroup
  private let bank: ExpertBank
  /// Time spent here, waits for other ranks included.
  private(set) var elapsed = Duration.zero
  /// The layer that both halves are in.
  private var moeLayer = 0

  init(_ group: ExpertGroup, _ bank: ExpertBank) {
    self.group = group
    self.bank = bank
  }

  func run(
    moeLayer: Int, hidden: UnsafePointer<Float>, routing: ExpertRouting, output: UnsafeMutablePointer<Float>
  ) throws(ExpertParallelError) {
    let start = Instant.now
    defer { elapsed += Instant.now - start }
    let tokens = RoutedTokens(
      count: routing.tokenCount, rows: hidden, ids: routing.ids, weights: routing.weights)
    try group.exchange(layer: moeLayer, tokens, output: output) { [bank] expert, rows, input, output in
      bank.compute(moeLayer: moeLayer, expert: expert, rows: rows, input: input, output: output)
    }
  }

  func dispatch(
    moeLayer: Int, half: Int, hidden: UnsafePointer<Float>, routing: ExpertRouting
  ) throws(ExpertParallelError) {
    let start = Instant.now
    defer { elapsed += Instant.now - start }
    self.moeLayer = moeLayer
    let tokens = RoutedTokens(
      count: routing.tokenCount, rows: hidden, ids: routing.ids, weights: routing.weights)
    try group.dispatch(layer: moeLayer, half: half, tokens)
  }

  func serve(half: Int, output: UnsafeMutablePointer<Float>) throws(ExpertParallelError) {
    let start = Instant.now
    defer { elapsed += Instant.now - start }
    try group.serve(half: half, output: output) { [bank, moeLayer] expert, rows, input, output in
      bank.compute(moeLayer: moeLayer, expert: expert, rows: rows, input: input, output: output)
    }
  }

  func combine(half: Int, output: UnsafeMutablePointer<Float>) throws(ExpertParallelError) {
    let start = Instant.now
    defer { elapsed += Instant.now - start }
    try group.combine(half: half, output: output)
  }
}
