extension ModelConfiguration {
  /// Reads and checks `config.json` of a model folder.
  ///
  /// Accepts the rotary parameters both at the top level (`rope_theta`, `rope_scaling`: published
  /// checkpoints) and nested (`rope_parameters`: transformers 5).
  public init(folder: String) throws(ModelError) {
    let reader = try ConfigurationReader(file: folder + "/config.json")
    let family = try ModelFamily(reader)
    vocabularySize = try reader.count("vocab_size")
    hiddenSize = try reader.count("hidden_size")
    layerCount = try reader.count("num_hidden_layers")
    moeLayers = try Self.moeLayers(reader, family, layerCount: layerCount)
    denseIntermediateSize = try reader.count("intermediate_size")
    normEpsilon = try reader.positiveNumber("rms_norm_eps") ?? family.defaultNormEpsilon
    maxPositions = try reader.optionalCount("max_position_embeddings") ?? 4096
    tiesEmbeddings = try reader.flag("tie_word_embeddings", default: false)
    beginToken = try reader.tokens("bos_token_id").first
    endTokens = try reader.tokens("eos_token_id")
    attention = try AttentionShape(reader, family)
    rotary = try RotaryShape(reader, family)
    experts = try ExpertShape(reader, family)
  }

  private static func moeLayers(
    _ reader: ConfigurationReader, _ family: ModelFamily, layerCount: Int
  ) throws(ModelError) -> [Int] {
    let layers: [Int]
    switch family {
    case .deepseekV2, .deepseekV3:
      let dense = try reader.optionalCount("first_k_dense_replace", atLeast: 0) ?? 0
      layers = Array(min(dense, layerCount)..<layerCount)
    case .mixtral:
      layers = Array(0..<layerCount)
    case .qwen3MoE:
      let step = try reader.optionalCount("decoder_sparse_step") ?? 1
      let dense = Set(try reader.counts("mlp_only_layers"))
      layers = (0..<layerCount).filter { ($0 + 1).isMultiple(of: step) && !dense.contains($0) }
    }
    guard !layers.isEmpty else {
      throw .unsupported(file: reader.file, feature: "a model without a layer of experts")
    }
    return layers
  }
}

extension ModelFamily {
  /// What transformers takes when `rms_norm_eps` is missing.
  fileprivate var defaultNormEpsilon: Float { self == .mixtral ? 1e-5 : 1e-6 }
}
