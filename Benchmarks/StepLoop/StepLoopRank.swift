import ExpertParallel
import Glibc
import Model
import Platform
import Tensors

/// One rank: a process that steps through the batches with its group.
final class StepLoopRank {
  private let plan: StepLoopPlan
  private let rank: Int
  private let model: LanguageModel
  private let group: ExpertGroup
  private let experts: GroupExperts
  private let logits: FloatBuffer
  private let traffic: WeightTraffic
  private static let blockSize = 16
  private static let maxTokens = 2048

  init(_ plan: StepLoopPlan, rank: Int) throws {
    self.plan = plan
    self.rank = rank
    model = try LanguageModel(
      folder: plan.model, maxBatchTokens: Self.maxTokens, arithmetic: plan.arithmetic,
      packedCache: plan.cache)
    let shape = try ExchangeShape(
      world: plan.ranks, hidden: model.configuration.hiddenSize,
      topK: model.configuration.experts.perToken, experts: model.configuration.experts.count,
      layers: model.configuration.moeLayerCount)
    let control = try GroupControl(
      segment: SharedMemory(FileDescriptor(owning: 3)), rank: rank, shape: shape, epoch: 1,
      until: .after(.seconds(60)))
    group = try ExpertGroup(control)
    traffic = WeightTraffic(model)
    experts = GroupExperts(group, model.experts, traffic)
    let most = plan.batches.max() ?? 1
    logits = try FloatBuffer(count: most * model.configuration.vocabularySize)
    try group.join(until: .after(.seconds(60)))
  }

  func run() throws {
    if rank == 0 {
      let place = model.layout.packedPath == nil ? "in place" : "packed"
      print("MODEL dtype=\(model.layout.arithmetic) isa=\(Arithmetic.instructionSet) weights=\(place)")
    }
    let rate = try streamingRate()
    if rank == 0 { print("STREAM gigabytes_per_s=\((rate / 1e8).rounded() / 10)") }
    for batch in plan.batches {
      if plan.prefill > 0 { try prefill(batch) }
      try decode(batch, streaming: rate)
    }
    group.leave()
  }

  /// Bytes a second at which this rank streams weights from memory while the others do the same: one row against
  /// more packed weights than caches hold.
  private func streamingRate() throws -> Double {
    let (rows, columns, copies) = (512, 512, 512)
    let weights = try FloatBuffer(count: rows * columns / 2 * copies)
    // Pages that were never written would all be the same one.
    weights.base.update(repeating: 1, count: weights.count)
    let x = Rows(logits.base, stride: columns), y = Rows(logits.base + columns, stride: rows)
    var best = Double.infinity
    for _ in 0..<4 {
      let start = Instant.now
      for copy in 0..<copies {
        PackedMatrix(
          UnsafeRawPointer(weights.base + rows * columns / 2 * copy), rows: rows, columns: columns,
          format: .bfloat16
        ).product(x, count: 1, into: y)
      }
      best = min(best, (Instant.now - start).inSeconds)
    }
    return Double(weights.count * 4) / best
  }

  /// Prompts of `plan.prefill` tokens, as many in a step as fit.
  private func prefill(_ batch: Int) throws {
    let most = max(1, Self.maxTokens / plan.prefill)
    var times: [Double] = []
    for round in 0..<4 {
      var seconds = 0.0
      for first in stride(from: 0, to: plan.share(of: batch, rank: 0), by: most) {
        let mine = max(0, min(most, plan.share(of: batch, rank: rank) - first))
        let cache = try cache(sequences: mine, length: plan.prefill)
        let tokens = (0..<plan.prefill).map {
          Int32(($0 * 37 + 11 + round) % model.configuration.vocabularySize)
        }
        seconds += try step(mine, tokens, at: 0, cache: cache)
      }
      if round > 0 { times.append(seconds) }
    }
    report("prefill", batch, tokens: batch * plan.prefill, times, waited: 0, bound: nil)
  }

  private func decode(_ batch: Int, streaming rate: Double) throws {
    let mine = plan.share(of: batch, rank: rank)
    let cache = try cache(sequences: mine, length: plan.context + plan.steps + 4)
    // The cache's rows need not hold anything to be read.
    var times: [Double] = []
    var waited: UInt64 = 0
    for index in 0..<plan.steps + 4 {
      if index == 4 {
        waited = group.counters.waitNanoseconds
        traffic.bytes = 0
      }
      let token = Int32((index * 53 + 5 + rank) % model.configuration.vocabularySize)
      let seconds = try step(mine, [token], at: plan.context + index, cache: cache)
      if index >= 4 { times.append(seconds) }
    }
    report(
      "decode", batch, tokens: batch, times, waited: group.counters.waitNanoseconds - waited,
      bound: Double(traffic.bytes) / Double(plan.steps) / rate)
  }

  private func cache(sequences: Int, length: Int) throws -> KeyValueCache {
    let blocks = (length + Self.blockSize - 1) / Self.blockSize
    return try KeyValueCache(
      model.configuration, blockCount: max(1, sequences * blocks), blockSize: Self.blockSize,
      format: model.layout.arithmetic.cacheFormat)
  }

  /// One step that adds `tokens` to every sequence of this rank; returns its seconds.
  private func step(_ sequences: Int, _ tokens: [Int32], at length: Int, cache: KeyValueCache) throws
    -> Double
  {
    var batch = ForwardBatch()
    let blocks = cache.blockCount / max(1, sequences)
    for sequence in 0..<sequences {
      // Sequences differ, or they would all go to the same experts.
      let own = tokens.map { ($0 + Int32(sequence * 97)) % Int32(model.configuration.vocabularySize) }
      let table = (sequence * blocks..<(sequence + 1) * blocks).map(Int32.init)
      batch.append(own, contextLength: length, blockTable: table, wantsLogits: true)
    }
    let start = Instant.now
    if !batch.tokens.isEmpty { traffic.bytes += traffic.fixedBytes }
    _ = try group.agree(StepIntent(tokens: batch.tokens.count, unfinished: true))
    try model.forward(
      batch, cache: cache, experts: experts,
      logits: UnsafeMutableBufferPointer(start: logits.base, count: logits.count))
    return (Instant.now - start).inSeconds
  }

  private func report(
    _ kind: String, _ batch: Int, tokens: Int, _ times: [Double], waited: UInt64, bound: Double?
  ) {
    guard rank == 0 else { return }
    let sum = times.reduce(0, +)
    let mean = sum / Double(times.count)
    let median = times.sorted()[times.count / 2]
    func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
    print(
      "STEP kind=\(kind) ranks=\(plan.ranks) batch=\(batch) p50_ms=\(rounded(median * 1000))"
        + " mean_ms=\(rounded(mean * 1000)) tokens_per_s=\(rounded(Double(tokens) / median))"
        + " mean_tokens_per_s=\(rounded(Double(tokens) / mean))"
        + " waiting=\(rounded(Double(waited) / 1e9 / sum))"
        + (bound.map { " bound_ms=\(rounded($0 * 1000)) share_of_bound=\(rounded($0 / median))" } ?? ""))
    fflush(nil)
  }
}

/// The weights that a rank reads in steps.
private final class WeightTraffic {
  /// What every step with tokens reads: all but the experts and the embedding table.
  let fixedBytes: Int
  var bytes = 0

  init(_ model: LanguageModel) {
    let (experts, configuration) = (model.experts, model.configuration)
    let routed = (0..<experts.moeLayerCount).reduce(0) { sum, layer in
      (0..<experts.shape.count).reduce(sum) { $0 + experts.byteCount(moeLayer: layer, expert: $1) }
    }
    fixedBytes = model.weightBytes - routed - configuration.vocabularySize * configuration.hiddenSize * 2
  }
}

/// Sends routed tokens to their experts' owners, as the engine does.
private struct GroupExperts: ExpertDispatch {
  let group: ExpertGroup
  let bank: ExpertBank
  let traffic: WeightTraffic

  init(_ group: ExpertGroup, _ bank: ExpertBank, _ traffic: WeightTraffic) {
    self.group = group
    self.bank = bank
    self.traffic = traffic
  }

  func run(
    moeLayer: Int, hidden: UnsafePointer<Float>, routing: ExpertRouting, output: UnsafeMutablePointer<Float>
  ) throws(ExpertParallelError) {
    let tokens = RoutedTokens(
      count: routing.tokenCount, rows: hidden, ids: routing.ids, weights: routing.weights)
    try group.exchange(layer: moeLayer, tokens, output: output) { expert, rows, input, output in
      traffic.bytes += bank.byteCount(moeLayer: moeLayer, expert: expert)
      bank.compute(moeLayer: moeLayer, expert: expert, rows: rows, input: input, output: output)
    }
  }
}
