public import Tensors

/// A mixture-of-experts language model over read-only mapped weights.
///
/// Not for use by two threads at once: it owns the scratch memory of a forward pass, made when the
/// model is opened and sized for the largest batch, so that a step allocates nothing.
public final class LanguageModel {
  /// The model's shape.
  public let configuration: ModelConfiguration
  /// The routed experts, for whoever runs them.
  public let experts: ExpertBank
  /// Most tokens a batch may have.
  public let maxBatchTokens: Int
  /// Bytes of all weights that are read, mapped and shared between ranks.
  public let weightBytes: Int
  /// How linear layers multiply, and where their weights lie.
  public let layout: WeightLayout

  private let folder: WeightFolder
  let weights: ModelWeights
  private let rotary: RotaryEmbedding
  private let attention: Attention
  let network: FeedForward
  private let router: ExpertRouter
  let workspace: Workspace
  private let adapterScratch: AdapterScratch

  /// Opens a Hugging Face model folder: `config.json` and safetensors files.
  ///
  /// - Parameters:
  ///   - folder: The folder.
  ///   - maxBatchTokens: Most tokens of one forward pass.
  ///   - arithmetic: How linear layers multiply; nil takes what suits the weights and the processor.
  ///   - packedCache: Where packed weights are kept, for bf16; nil multiplies with the weights in place.
  public init(
    folder path: String, maxBatchTokens: Int, arithmetic: Arithmetic? = .float32, packedCache: String? = nil
  ) throws(ModelError) {
    precondition(maxBatchTokens > 0, "a batch has room for at least one token")
    OpenBLAS.useOneThread()
    let configuration = try ModelConfiguration(folder: path)
    self.configuration = configuration
    self.maxBatchTokens = maxBatchTokens
    rotary = RotaryEmbedding(configuration.rotary, size: configuration.attention.rotarySize)
    do {
      folder = try WeightFolder(path: path)
      layout = try WeightLayout(
        folder, configuration: configuration, arithmetic: arithmetic, packedCache: packedCache,
        rotary: rotary)
      weights = try ModelWeights(folder, configuration: configuration)
      experts = try ExpertBank(folder, configuration: configuration)
      attention = try Attention(folder, configuration: configuration, rotary: rotary)
      weightBytes = folder.usedByteCount + layout.extraBytes
      let shared = configuration.experts.intermediateSize * configuration.experts.sharedCount
      network = try FeedForward(
        hiddenSize: configuration.hiddenSize, maxWidth: max(configuration.denseIntermediateSize, shared))
      router = try ExpertRouter(configuration.experts)
      workspace = try Workspace(configuration, maxTokens: maxBatchTokens)
      adapterScratch = try AdapterScratch(configuration)
    } catch { throw .tensors(error) }
  }

  /// Runs one forward pass, writing the cache rows of all its tokens.
  ///
  /// With an empty batch this is a dummy step: only the experts' exchange runs.
  ///
  /// - Parameters:
  ///   - batch: At most `maxBatchTokens` tokens; every token id below `vocabularySize`.
  ///   - cache: Where earlier tokens' keys and values are and the new ones go.
  ///   - experts: Who runs the routed experts.
  ///   - logits: `[batch.logitRows.count, vocabularySize]`, overwritten.
  public func forward<Experts: ExpertDispatch>(
    _ batch: ForwardBatch, cache: KeyValueCache, experts: Experts,
    logits: UnsafeMutableBufferPointer<Float>
  ) throws(Experts.Failure) {
    check(batch, cache: cache, logits: logits)
    let step = prepare(batch, blockSize: cache.blockSize)
    for (index, layer) in weights.layers.enumerated() {
      attend(index, norm: layer.inputNorm, rows: 0..<batch.tokens.count, step: step, cache: cache)
      try mix(
        layer, tokens: batch.tokens.count, adapters: step.adapters?.layer(index, firstRow: 0),
        experts: experts)
    }
    writeLogits(batch.logitRows, into: logits)
  }

  func check(
    _ batch: ForwardBatch, cache: KeyValueCache, logits: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(batch.tokens.count <= maxBatchTokens, "more tokens than the workspace has room for")
    precondition(batch.positions.count == batch.tokens.count, "one position per token")
    precondition(
      batch.sequences.reduce(0) { $0 + $1.rowCount } == batch.tokens.count, "slices cover every row once")
    precondition(logits.count >= batch.logitRows.count * configuration.vocabularySize, "logits too small")
    for slice in batch.sequences {
      let blocks = (slice.contextLength + slice.rowCount + cache.blockSize - 1) / cache.blockSize
      precondition(slice.blockTable.count >= blocks, "a block for every token")
      precondition(
        slice.blockTable.allSatisfy { $0 >= 0 && $0 < cache.blockCount }, "blocks lie in the cache")
    }
  }

  /// Embeds the tokens and fills the tables all layers share.
  func prepare(_ batch: ForwardBatch, blockSize: Int) -> StepTables {
    for (row, token) in batch.tokens.enumerated() {
      weights.embedding.copyRow(Int(token), to: workspace.hidden.base + row * configuration.hiddenSize)
    }
    for (index, slice) in batch.sequences.enumerated() {
      for row in slice.firstRow..<slice.firstRow + slice.rowCount { workspace.sequence[row] = index }
    }
    rotary.fillAngles(batch.positions, cosines: workspace.cosines, sines: workspace.sines)
    return StepTables(
      batch, sequence: workspace.sequence, blockSize: blockSize, pairCount: rotary.pairCount,
      cosines: workspace.cosines.base, sines: workspace.sines.base,
      adapters: StepAdapters(batch, scratch: adapterScratch))
  }

  func rows(_ buffer: FloatBuffer) -> Rows { Rows(buffer.base, stride: configuration.hiddenSize) }

  /// `hidden += attention(norm(hidden))` for some of the rows, with the same rows of the scratch memory.
  func attend(_ layer: Int, norm: FloatBuffer, rows all: Range<Int>, step: StepTables, cache: KeyValueCache) {
    let hidden = rows(workspace.hidden)
    let normed = rows(workspace.normed).from(row: all.lowerBound)
    let output = rows(workspace.output).from(row: all.lowerBound)
    for first in stride(from: all.lowerBound, to: all.upperBound, by: Attention.rowBlock) {
      let range = first..<min(first + Attention.rowBlock, all.upperBound)
      normalizeRootMeanSquare(
        hidden.from(row: first), count: range.count, weight: norm,
        epsilon: configuration.normEpsilon, into: normed)
      attention.run(
        layer: layer, rows: range, hidden: normed, step: step, cache: cache, output: output)
      add(output.base, to: hidden.from(row: first).base, count: range.count * configuration.hiddenSize)
    }
  }

  /// `hidden += feedForward(norm(hidden))`, dense or through experts.
  private func mix<Experts: ExpertDispatch>(
    _ layer: ModelWeights.Layer, tokens: Int, adapters: LayerAdapters?, experts: Experts
  ) throws(Experts.Failure) {
    let normed = workspace.normed.base
    let output = workspace.output.base
    let count = tokens * configuration.hiddenSize
    normalizeRootMeanSquare(
      rows(workspace.hidden), count: tokens, weight: layer.outputNorm,
      epsilon: configuration.normEpsilon, into: rows(workspace.normed))
    switch layer.mixture {
    case .dense(let weights):
      network.run(weights, rows: tokens, input: normed, output: output, adapters: adapters)
    case .experts(let index, let gate, let bias, let shared):
      let routing = route(rows: 0..<tokens, gate: gate, bias: bias)
      try experts.run(moeLayer: index, hidden: normed, routing: routing, output: output)
      if let shared {
        network.run(
          shared, rows: tokens, input: normed, output: workspace.shared.base, adapters: adapters)
        add(workspace.shared.base, to: output, count: count)
      }
    }
    add(output, to: workspace.hidden.base, count: count)
  }

  /// The experts of some rows, in the same rows of the routing tables.
  func route(rows range: Range<Int>, gate: Matrix, bias: FloatBuffer) -> ExpertRouting {
    let shape = configuration.experts
    let tokens = range.count
    let first = range.lowerBound * shape.perToken
    let scores = workspace.scores.base + range.lowerBound * shape.count
    gate.product(
      rows(workspace.normed).from(row: range.lowerBound), count: tokens,
      into: Rows(scores, stride: shape.count))
    router.score(scores, tokens: tokens)
    for token in 0..<tokens {
      router.route(
        scores: scores + token * shape.count, bias: bias.base,
        ids: workspace.expertIds + first + token * shape.perToken,
        weights: workspace.expertWeights.base + first + token * shape.perToken)
    }
    return ExpertRouting(
      tokenCount: tokens, expertsPerToken: shape.perToken, ids: workspace.expertIds + first,
      weights: workspace.expertWeights.base + first)
  }

  /// Writes the logits of rows of the latest forward pass, whether they were wanted then or not.
  ///
  /// - Parameter logits: `[rows.count, vocabularySize]`, overwritten.
  public func logits(ofRows rows: [Int], into logits: UnsafeMutableBufferPointer<Float>) {
    precondition(rows.count <= maxBatchTokens && rows.allSatisfy { $0 < maxBatchTokens }, "rows of one batch")
    precondition(logits.count >= rows.count * configuration.vocabularySize, "logits too small")
    writeLogits(rows, into: logits)
  }

  func writeLogits(_ wanted: [Int], into logits: UnsafeMutableBufferPointer<Float>) {
    guard let base = logits.baseAddress, !wanted.isEmpty else { return }
    let hidden = rows(workspace.hidden)
    let normed = rows(workspace.normed)
    for (index, row) in wanted.enumerated() {
      normalizeRootMeanSquare(
        hidden.from(row: row), count: 1, weight: weights.finalNorm, epsilon: configuration.normEpsilon,
        into: normed.from(row: index))
    }
    weights.head.product(
      normed, count: wanted.count, into: Rows(base, stride: configuration.vocabularySize))
  }
}
