import Tensors

/// Weights of one layer's grouped-query attention.
struct GroupedQueryAttentionWeights {
  /// What a head's query and key are normalised by.
  struct HeadNorms {
    let query: FloatBuffer
    let key: FloatBuffer
  }

  let query: Linear
  let key: Linear
  let value: Linear
  let norms: HeadNorms?
  let output: Linear

  init(
    _ folder: WeightFolder, prefix: String, shape: GroupedQueryAttentionShape, hiddenSize: Int
  ) throws(TensorsError) {
    let queryWidth = shape.headCount * shape.headSize
    let keyWidth = shape.keyValueHeadCount * shape.headSize
    query = try folder.linear(prefix + ".q_proj.weight", rows: queryWidth, columns: hiddenSize)
    key = try folder.linear(prefix + ".k_proj.weight", rows: keyWidth, columns: hiddenSize)
    value = try folder.linear(prefix + ".v_proj.weight", rows: keyWidth, columns: hiddenSize)
    norms =
      shape.normalizesHeads
      ? HeadNorms(
        query: try folder.vector(prefix + ".q_norm.weight", count: shape.headSize),
        key: try folder.vector(prefix + ".k_norm.weight", count: shape.headSize))
      : nil
    output = try folder.linear(prefix + ".o_proj.weight", rows: hiddenSize, columns: queryWidth)
  }
}

/// Grouped-query attention over a paged cache (Ainslie et al., arXiv 2305.13245).
///
/// For each key-value head the cache holds its rotated key and its value side by side, so that one walk over
/// them serves all query heads of a group. The same form serves decode and prefill chunks of any size.
struct GroupedQueryAttention {
  private let shape: GroupedQueryAttentionShape
  private let epsilon: Float
  private let rotary: RotaryEmbedding
  private let scoreScale: Float
  private let queries: FloatBuffer
  private let keys: FloatBuffer
  private let values: FloatBuffer
  private let mixed: FloatBuffer

  init(
    _ shape: GroupedQueryAttentionShape, normEpsilon: Float, rotary: RotaryEmbedding
  ) throws(TensorsError) {
    self.shape = shape
    epsilon = normEpsilon
    self.rotary = rotary
    // Unlike latent attention, YaRN acts here through the angles' amplitude alone.
    scoreScale = 1 / Float(shape.headSize).squareRoot()
    let rows = Attention.rowBlock
    queries = try FloatBuffer(count: rows * shape.headCount * shape.headSize)
    mixed = try FloatBuffer(count: rows * shape.headCount * shape.headSize)
    keys = try FloatBuffer(count: rows * shape.keyValueHeadCount * shape.headSize)
    values = try FloatBuffer(count: rows * shape.keyValueHeadCount * shape.headSize)
  }

  /// Computes `output[rows.count, hiddenSize]` for some rows of the batch and caches their keys and values.
  ///
  /// Rows of a sequence must come in order, as a row attends to the cached rows before it.
  ///
  /// - Parameters:
  ///   - hidden: The rows' normalised hidden states, `[rows.count, hiddenSize]`.
  ///   - step: The batch's tables.
  ///   - cache: The layer's cache.
  ///   - adapters: What adapters change of the layer.
  func run(
    _ weights: GroupedQueryAttentionWeights, rows: Range<Int>, hidden: Rows, step: StepTables,
    cache: LayerCache, adapters: LayerAdapters?, output: Rows
  ) {
    let queryRows = Rows(queries.base, stride: shape.headCount * shape.headSize)
    let keyRows = Rows(keys.base, stride: shape.keyValueHeadCount * shape.headSize)
    let valueRows = Rows(values.base, stride: keyRows.stride)
    weights.query.product(hidden, count: rows.count, into: queryRows)
    adapters?.add(.query, count: rows.count, from: hidden, to: queryRows)
    place(queries, norm: weights.norms?.query, heads: shape.headCount, rows: rows, step: step)
    weights.key.product(hidden, count: rows.count, into: keyRows)
    adapters?.add(.key, count: rows.count, from: hidden, to: keyRows)
    place(keys, norm: weights.norms?.key, heads: shape.keyValueHeadCount, rows: rows, step: step)
    weights.value.product(hidden, count: rows.count, into: valueRows)
    adapters?.add(.value, count: rows.count, from: hidden, to: valueRows)
    cacheRows(rows, step: step, cache: cache)
    for (index, row) in rows.enumerated() {
      attend(index: index, row: row, step: step, cache: cache)
    }
    let mixedRows = Rows(mixed.base, stride: shape.headCount * shape.headSize)
    weights.output.product(mixedRows, count: rows.count, into: output)
    adapters?.add(.output, count: rows.count, from: mixedRows, to: output)
  }

  /// Normalises each head if there is a norm, and rotates it to its position.
  private func place(
    _ target: FloatBuffer, norm: FloatBuffer?, heads: Int, rows: Range<Int>, step: StepTables
  ) {
    if let norm {
      let each = Rows(target.base, stride: shape.headSize)
      normalizeRootMeanSquare(each, count: rows.count * heads, weight: norm, epsilon: epsilon, into: each)
    }
    for (index, row) in rows.enumerated() {
      for head in 0..<heads {
        rotary.rotate(
          target.base + (index * heads + head) * shape.headSize, cosines: step.cosines(row),
          sines: step.sines(row))
      }
    }
  }

  private func cacheRows(_ rows: Range<Int>, step: StepTables, cache: LayerCache) {
    for (index, row) in rows.enumerated() {
      for head in 0..<shape.keyValueHeadCount {
        let source = (index * shape.keyValueHeadCount + head) * shape.headSize
        cache.store(key: keys.base + source, value: values.base + source, slot: step.slot(row), head: head)
      }
    }
  }

  private func attend(
    index: Int, row: Int, step: StepTables, cache: LayerCache
  ) {
    let groupWidth = shape.groupSize * shape.headSize
    let first = index * shape.keyValueHeadCount * groupWidth
    step.batch.sequences[step.sequence[row]].blockTable.withUnsafeBufferPointer { table in
      guard let blocks = table.baseAddress else { return }
      for head in 0..<shape.keyValueHeadCount {
        cache.attend(
          query: queries.base + first + head * groupWidth, head: head, blocks: blocks,
          length: Int(step.batch.positions[row]) + 1, scale: scoreScale,
          into: mixed.base + first + head * groupWidth)
      }
    }
  }
}
