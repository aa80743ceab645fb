import Tensors

/// The attention of all layers: one kind, with its scratch memory and each layer's weights.
enum Attention {
  case latent(LatentAttention, [LatentAttentionWeights])
  case grouped(GroupedQueryAttention, [GroupedQueryAttentionWeights])

  /// Rows computed together; bounds scratch memory, not results.
  static let rowBlock = 64

  init(
    _ folder: WeightFolder, configuration model: ModelConfiguration, rotary: RotaryEmbedding
  ) throws(TensorsError) {
    let prefixes = (0..<model.layerCount).map { "model.layers.\($0).self_attn" }
    switch model.attention {
    case .latent(let shape):
      var layers: [LatentAttentionWeights] = []
      for prefix in prefixes {
        layers.append(
          try LatentAttentionWeights(folder, prefix: prefix, shape: shape, hiddenSize: model.hiddenSize))
      }
      self = .latent(try LatentAttention(shape, normEpsilon: model.normEpsilon, rotary: rotary), layers)
    case .grouped(let shape):
      var layers: [GroupedQueryAttentionWeights] = []
      for prefix in prefixes {
        layers.append(
          try GroupedQueryAttentionWeights(
            folder, prefix: prefix, shape: shape, hiddenSize: model.hiddenSize))
      }
      self = .grouped(
        try GroupedQueryAttention(shape, normEpsilon: model.normEpsilon, rotary: rotary), layers)
    }
  }

  /// Computes `output[rows.count, hiddenSize]` for some rows of the batch, in order within each sequence,
  /// and caches what later rows attend to.
  ///
  /// - Parameters:
  ///   - layer: Index of the layer.
  ///   - rows: At most ``rowBlock`` rows of the batch.
  ///   - hidden: Their normalised hidden states, `[rows.count, hiddenSize]`.
  func run(
    layer: Int, rows: Range<Int>, hidden: Rows, step: StepTables, cache: KeyValueCache, output: Rows
  ) {
    let adapters = step.adapters?.layer(layer, firstRow: rows.lowerBound)
    switch self {
    case .latent(let attention, let weights):
      attention.run(
        weights[layer], rows: rows, hidden: hidden, step: step, cache: cache.layer(layer),
        adapters: adapters, output: output)
    case .grouped(let attention, let weights):
      attention.run(
        weights[layer], rows: rows, hidden: hidden, step: step, cache: cache.layer(layer),
        adapters: adapters, output: output)
    }
  }
}
