import Tensors

/// Weights of the transformer other than attention and routed experts, in the mapped files or their packed form.
struct ModelWeights {
  struct Layer {
    let inputNorm: FloatBuffer
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
  let head: Linear

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
      ? folder.linear("lm_head.weight", embedding, isTransposed: false)
      : try folder.linear("lm_head.weight", rows: model.vocabularySize, columns: model.hiddenSize)
  }
}

extension ModelWeights.Layer {
  fileprivate init(_ folder: WeightFolder, index: Int, model: ModelConfiguration) throws(TensorsError) {
    let prefix = "model.layers.\(index)"
    inputNorm = try folder.vector(prefix + ".input_layernorm.weight", count: model.hiddenSize)
    outputNorm = try folder.vector(prefix + ".post_attention_layernorm.weight", count: model.hiddenSize)
    mixture = try ModelWeights.Mixture(folder, layer: index, model: model)
  }
}

extension ModelWeights.Mixture {
  fileprivate init(
    _ folder: WeightFolder, layer: Int, model: ModelConfiguration
  ) throws(TensorsError) {
    guard let index = model.moeLayers.firstIndex(of: layer) else {
      self = .dense(
        try FeedForwardWeights(
          folder, prefix: "model.layers.\(layer).mlp", hiddenSize: model.hiddenSize,
          width: model.denseIntermediateSize))
      return
    }
    let experts = model.experts
    let block = ExpertNames(folder, layer: layer).block
    let shared =
      experts.sharedCount == 0
      ? nil
      : try FeedForwardWeights(
        folder, prefix: block + ".shared_experts", hiddenSize: model.hiddenSize,
        width: experts.intermediateSize * experts.sharedCount)
    self = .experts(
      index: index,
      router: try folder.matrix(block + ".gate.weight", rows: experts.count, columns: model.hiddenSize),
      bias: try Self.bias(folder, block: block, experts), shared: shared)
  }

  /// What steers the router's choice: zeros when the router has no bias.
  private static func bias(
    _ folder: WeightFolder, block: String, _ experts: ExpertShape
  ) throws(TensorsError) -> FloatBuffer {
    guard case .biasedSigmoid = experts.router else { return try FloatBuffer(count: experts.count) }
    return try folder.vector(block + ".gate.e_score_correction_bias", count: experts.count)
  }
}
