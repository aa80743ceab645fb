import Tensors

// Dual batch overlap: a forward pass as two halves, so that one computes while the other's rows travel.
//
//   half 0  attention ─ dispatch ·······  experts ·········· combine ─ attention …
//   half 1              attention ─ dispatch ·····  experts ········· combine …
//
// Every row is computed as in one batch, and rows of one sequence in their order, so no bit changes.
extension LanguageModel {
  /// Runs one forward pass as two halves; see ``forward(_:cache:experts:logits:)``.
  ///
  /// - Parameter batch: At least two tokens; the first half has the odd one. A sequence may lie in both.
  public func forwardInHalves<Experts: OverlappedDispatch>(
    _ batch: ForwardBatch, cache: KeyValueCache, experts: Experts,
    logits: UnsafeMutableBufferPointer<Float>
  ) throws(Experts.Failure) {
    check(batch, cache: cache, logits: logits)
    let step = prepare(batch, blockSize: cache.blockSize)
    let split = (batch.tokens.count + 1) / 2
    let halves = [0..<split, split..<batch.tokens.count]
    var underWay: [Bool] = [false, false]
    for (index, layer) in weights.layers.enumerated() {
      for (half, range) in halves.enumerated() {
        if underWay[half] { try settle(half, range, experts) }
        attend(index, norm: layer.inputNorm, rows: range, step: step, cache: cache)
        let adapters = step.adapters?.layer(index, firstRow: range.lowerBound)
        underWay[half] = try send(layer, half, range, adapters, experts)
      }
      for (half, range) in halves.enumerated() where underWay[half] {
        try experts.serve(half: half, output: start(of: range, workspace.output))
      }
    }
    for (half, range) in halves.enumerated() where underWay[half] { try settle(half, range, experts) }
    writeLogits(batch.logitRows, into: logits)
  }

  private func start(of range: Range<Int>, _ buffer: FloatBuffer) -> UnsafeMutablePointer<Float> {
    buffer.base + range.lowerBound * configuration.hiddenSize
  }

  /// Sends a half to the layer's experts and computes the shared one meanwhile; a dense layer is computed whole, and
  /// then nothing is under way.
  private func send<Experts: OverlappedDispatch>(
    _ layer: ModelWeights.Layer, _ half: Int, _ range: Range<Int>, _ adapters: LayerAdapters?,
    _ experts: Experts
  ) throws(Experts.Failure) -> Bool {
    let normed = start(of: range, workspace.normed)
    normalizeRootMeanSquare(
      rows(workspace.hidden).from(row: range.lowerBound), count: range.count, weight: layer.outputNorm,
      epsilon: configuration.normEpsilon, into: rows(workspace.normed).from(row: range.lowerBound))
    let shared = start(of: range, workspace.shared)
    switch layer.mixture {
    case .dense(let weights):
      let output = start(of: range, workspace.output)
      network.run(weights, rows: range.count, input: normed, output: output, adapters: adapters)
      add(
        output, to: start(of: range, workspace.hidden), count: range.count * configuration.hiddenSize)
      return false
    case .experts(let index, let gate, let bias, let weights):
      let routing = route(rows: range, gate: gate, bias: bias)
      try experts.dispatch(moeLayer: index, half: half, hidden: normed, routing: routing)
      if let weights {
        network.run(weights, rows: range.count, input: normed, output: shared, adapters: adapters)
      }
      return true
    }
  }

  /// Takes a half's rows back and adds them to the residual stream.
  private func settle<Experts: OverlappedDispatch>(
    _ half: Int, _ range: Range<Int>, _ experts: Experts
  ) throws(Experts.Failure) {
    let output = start(of: range, workspace.output)
    let count = range.count * configuration.hiddenSize
    try experts.combine(half: half, output: output)
    if configuration.experts.sharedCount > 0 {
      add(start(of: range, workspace.shared), to: output, count: count)
    }
    add(output, to: start(of: range, workspace.hidden), count: count)
  }
}
