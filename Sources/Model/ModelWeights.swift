import Tensors

/// Weights of the transformer other than routed experts, in place in the mapped files.
struct ModelWeights {
  struct Layer {
    let inputNorm: FloatBuffer
    let attention: LatentAttentionWeights
    let outputNorm: FloatBuffer
    let mixture: Mixture
  }

  /// The second half of a layer.
  enum Mixture {
    case dense(FeedForwardWeights)
    case experts(index: Int, router: Matrix, bias: FloatBuffer, shared: FeedForwardWeights?)
  }

  let embedding: Matrix
  let layers: [Layer]
  let finalNorm: FloatBuffer
  let head: Matrix

  init(_ folder: WeightFolder, configuration model: ModelConfiguration) throws(TensorsError) {
    embedding = try folder.matrix(
      "model.embed_tokens.weight", rows: model.vocabularySize, columns: model.hiddenSize)
    var layers: [Layer] = []
    for index in 0..<model.layerCount {
      layers.append(try Layer(folder, index: index, model: model))
    }
    self.layers = layers
    finalNorm = try folder.vector("model.norm.weight", count: model.hiddenSize)
    // Tied files usually leave the head out; one that is there wins, as it does in the reference.
    head =
      model.tiesEmbeddings && !folder.contains("lm_head.weight")
      ? embedding
      : try folder.matrix("lm_head.weight", rows: model.vocabularySize, columns: model.hiddenSize)
  }
}

extension ModelWeights.Layer {
  fileprivate init(_ folder: WeightFolder, index: Int, model: ModelConfiguration) throws(TensorsError) {
    let prefix = "model.layers.\(index)"
    inputNorm = try folder.vector(prefix + ".input_layernorm.weight", count: model.hiddenSize)
    attention = try LatentAttentionWeights(folder, prefix: prefix + ".self_attn", model: model)
    outputNorm = try folder.vector(prefix + ".post_attention_layernorm.weight", count: model.hiddenSize)
    mixture = try ModelWeights.Mixture(folder, prefix: prefix + ".mlp", layer: index, model: model)
  }
}

extension ModelWeights.Mixture {
  fileprivate init(
    _ folder: WeightFolder, prefix: String, layer: Int, model: ModelConfiguration
  ) throws(TensorsError) {
    guard layer >= model.denseLayerCount else {
      self = .dense(
        try FeedForwardWeights(
          folder, prefix: prefix, hiddenSize: model.hiddenSize, width: model.denseIntermediateSize))
      return
    }
    let experts = model.experts
    let shared =
      experts.sharedCount == 0
      ? nil
      : try FeedForwardWeights(
        folder, prefix: prefix + ".shared_experts", hiddenSize: model.hiddenSize,
        width: experts.intermediateSize * experts.sharedCount)
    self = .experts(
      index: layer - model.denseLayerCount,
      router: try folder.matrix(prefix + ".gate.weight", rows: experts.count, columns: model.hiddenSize),
      bias: try folder.vector(prefix + ".gate.e_score_correction_bias", count: experts.count),
      shared: shared)
  }
}
