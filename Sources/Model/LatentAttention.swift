import Tensors

/// Weights of one layer's multi-head latent attention.
struct LatentAttentionWeights {
  /// How hidden states become queries.
  enum Query {
    case full(Linear)
    case lowRank(down: Linear, norm: FloatBuffer, up: Linear)
  }

  let query: Query
  /// Hidden state to `[latent | shared rotary key]`.
  let latentDown: Linear
  let latentNorm: FloatBuffer
  /// Per head content to latent: the latent's way to a key, used from the other side to bring queries to the latent.
  let keyUp: [Linear]
  /// Per head latent to value.
  let valueUp: [Linear]
  let output: Linear

  init(
    _ folder: WeightFolder, prefix: String, shape: LatentAttentionShape, hiddenSize hidden: Int
  ) throws(TensorsError) {
    let queryWidth = shape.headCount * shape.queryHeadSize
    if let rank = shape.queryRank {
      query = .lowRank(
        down: try folder.linear(prefix + ".q_a_proj.weight", rows: rank, columns: hidden),
        norm: try folder.vector(prefix + ".q_a_layernorm.weight", count: rank),
        up: try folder.linear(prefix + ".q_b_proj.weight", rows: queryWidth, columns: rank))
    } else {
      query = .full(try folder.linear(prefix + ".q_proj.weight", rows: queryWidth, columns: hidden))
    }
    latentDown = try folder.linear(
      prefix + ".kv_a_proj_with_mqa.weight", rows: shape.cachedWidth, columns: hidden)
    latentNorm = try folder.vector(prefix + ".kv_a_layernorm.weight", count: shape.latentSize)
    let perHead = shape.contentSize + shape.valueSize
    let upName = prefix + ".kv_b_proj.weight"
    let up = try folder.matrix(upName, rows: shape.headCount * perHead, columns: shape.latentSize)
    keyUp = (0..<shape.headCount).map { head in
      let rows = head * perHead..<head * perHead + shape.contentSize
      return folder.linear("\(upName) key \(head)", up[rows: rows], isTransposed: true)
    }
    valueUp = (0..<shape.headCount).map { head in
      let rows = head * perHead + shape.contentSize..<(head + 1) * perHead
      return folder.linear("\(upName) value \(head)", up[rows: rows], isTransposed: false)
    }
    output = try folder.linear(
      prefix + ".o_proj.weight", rows: hidden, columns: shape.headCount * shape.valueSize)
  }
}

/// Multi-head latent attention in its absorbed form over a paged cache.
///
/// Queries are brought into the latent space, where all heads share the cached latents as keys and values;
/// only the result is expanded per head. The same form serves decode and prefill chunks of any size, so
/// a token's result does not depend on how it was batched.
struct LatentAttention {
  private let shape: LatentAttentionShape
  private let epsilon: Float
  private let rotary: RotaryEmbedding
  private let scoreScale: Float
  private let buffers: LatentAttentionBuffers

  init(
    _ shape: LatentAttentionShape, normEpsilon: Float, rotary: RotaryEmbedding
  ) throws(TensorsError) {
    self.shape = shape
    epsilon = normEpsilon
    self.rotary = rotary
    scoreScale = rotary.scoreFactor / Float(shape.queryHeadSize).squareRoot()
    buffers = try LatentAttentionBuffers(shape)
  }

  /// Computes `output[rows.count, hiddenSize]` for some rows of the batch and caches their latents.
  ///
  /// Rows of a sequence must come in order, as a row attends to the cached rows before it.
  ///
  /// - Parameters:
  ///   - hidden: The rows' normalised hidden states, `[rows.count, hiddenSize]`.
  ///   - step: The batch's tables.
  ///   - cache: The layer's cache.
  ///   - adapters: What adapters change of the layer.
  func run(
    _ weights: LatentAttentionWeights, rows: Range<Int>, hidden: Rows, step: StepTables,
    cache: LayerCache, adapters: LayerAdapters?, output: Rows
  ) {
    projectQueries(weights, rows: rows, hidden: hidden, step: step, adapters: adapters)
    cacheLatents(weights, rows: rows, hidden: hidden, step: step, cache: cache, adapters: adapters)
    absorb(weights, count: rows.count)
    let mixed = buffers.mixed.base
    for (index, row) in rows.enumerated() {
      let sequence = step.sequence[row]
      step.batch.sequences[sequence].blockTable.withUnsafeBufferPointer { table in
        guard let blocks = table.baseAddress else { return }
        cache.attend(
          query: buffers.absorbed.base + index * shape.headCount * shape.cachedWidth, blocks: blocks,
          length: Int(step.batch.positions[row]) + 1, scale: scoreScale,
          into: mixed + index * shape.headCount * shape.latentSize)
      }
    }
    expand(weights, count: rows.count, adapters: adapters, output: output)
  }

  private func projectQueries(
    _ weights: LatentAttentionWeights, rows: Range<Int>, hidden: Rows, step: StepTables,
    adapters: LayerAdapters?
  ) {
    let queries = Rows(buffers.queries.base, stride: shape.headCount * shape.queryHeadSize)
    switch weights.query {
    case .full(let matrix):
      matrix.product(hidden, count: rows.count, into: queries)
      adapters?.add(.query, count: rows.count, from: hidden, to: queries)
    case .lowRank(let down, let norm, let up):
      let low = Rows(buffers.lowRank.base, stride: down.rows)
      down.product(hidden, count: rows.count, into: low)
      adapters?.add(.queryDown, count: rows.count, from: hidden, to: low)
      normalizeRootMeanSquare(low, count: rows.count, weight: norm, epsilon: epsilon, into: low)
      up.product(low, count: rows.count, into: queries)
      adapters?.add(.queryUp, count: rows.count, from: low, to: queries)
    }
    for (index, row) in rows.enumerated() {
      for head in 0..<shape.headCount {
        let query = queries.from(row: index).base + head * shape.queryHeadSize
        rotary.rotate(
          query + shape.contentSize, cosines: step.cosines(row), sines: step.sines(row))
      }
    }
  }

  private func cacheLatents(
    _ weights: LatentAttentionWeights, rows: Range<Int>, hidden: Rows, step: StepTables,
    cache: LayerCache, adapters: LayerAdapters?
  ) {
    let latents = Rows(buffers.latents.base, stride: shape.cachedWidth)
    weights.latentDown.product(hidden, count: rows.count, into: latents)
    adapters?.add(.latentDown, count: rows.count, from: hidden, to: latents)
    normalizeRootMeanSquare(
      latents, count: rows.count, weight: weights.latentNorm, epsilon: epsilon, into: latents)
    for (index, row) in rows.enumerated() {
      let latent = latents.from(row: index).base
      rotary.rotate(latent + shape.latentSize, cosines: step.cosines(row), sines: step.sines(row))
      cache.store(key: latent, value: latent, slot: step.slot(row))
    }
  }

  /// Per head: `[content · keyUp | rotary]`, so that a score is one dot product with a cached row.
  private func absorb(_ weights: LatentAttentionWeights, count: Int) {
    let queries = Rows(buffers.queries.base, stride: shape.headCount * shape.queryHeadSize)
    let absorbed = Rows(buffers.absorbed.base, stride: shape.headCount * shape.cachedWidth)
    for head in 0..<shape.headCount {
      let query = queries.from(column: head * shape.queryHeadSize)
      let target = absorbed.from(column: head * shape.cachedWidth)
      weights.keyUp[head].product(query, count: count, into: target)
      for row in 0..<count {
        (target.from(row: row).base + shape.latentSize).update(
          from: query.from(row: row).base + shape.contentSize, count: shape.rotarySize)
      }
    }
  }

  private func expand(
    _ weights: LatentAttentionWeights, count: Int, adapters: LayerAdapters?, output: Rows
  ) {
    let mixed = Rows(buffers.mixed.base, stride: shape.headCount * shape.latentSize)
    let values = Rows(buffers.values.base, stride: shape.headCount * shape.valueSize)
    for head in 0..<shape.headCount {
      weights.valueUp[head].product(
        mixed.from(column: head * shape.latentSize), count: count,
        into: values.from(column: head * shape.valueSize))
    }
    weights.output.product(values, count: count, into: output)
    adapters?.add(.output, count: count, from: values, to: output)
  }
}

/// Scratch of ``LatentAttention``, for ``Attention/rowBlock`` rows.
struct LatentAttentionBuffers {
  let lowRank: FloatBuffer
  let queries: FloatBuffer
  let latents: FloatBuffer
  let absorbed: FloatBuffer
  let mixed: FloatBuffer
  let values: FloatBuffer

  init(_ shape: LatentAttentionShape) throws(TensorsError) {
    let rows = Attention.rowBlock
    lowRank = try FloatBuffer(count: rows * (shape.queryRank ?? 0))
    queries = try FloatBuffer(count: rows * shape.headCount * shape.queryHeadSize)
    latents = try FloatBuffer(count: rows * shape.cachedWidth)
    absorbed = try FloatBuffer(count: rows * shape.headCount * shape.cachedWidth)
    mixed = try FloatBuffer(count: rows * shape.headCount * shape.latentSize)
    values = try FloatBuffer(count: rows * shape.headCount * shape.valueSize)
  }
}
