extension ModelConfiguration {
  /// Reads and checks `config.json` of a model folder.
  ///
  /// Accepts the rotary parameters both at the top level (`rope_theta`, `rope_scaling`: published
  /// checkpoints) and nested (`rope_parameters`: transformers 5).
  public init(folder: String) throws(ModelError) {
    let reader = try ConfigurationReader(file: folder + "/config.json")
    try reader.requireSupported()
    vocabularySize = try reader.count("vocab_size")
    hiddenSize = try reader.count("hidden_size")
    layerCount = try reader.count("num_hidden_layers")
    denseLayerCount = min(try reader.optionalCount("first_k_dense_replace", atLeast: 0) ?? 0, layerCount)
    denseIntermediateSize = try reader.count("intermediate_size")
    normEpsilon = try reader.positiveNumber("rms_norm_eps") ?? 1e-6
    maxPositions = try reader.optionalCount("max_position_embeddings") ?? 4096
    tiesEmbeddings = try reader.flag("tie_word_embeddings", default: false)
    beginToken = try reader.tokens("bos_token_id").first
    endTokens = try reader.tokens("eos_token_id")
    attention = try LatentAttentionShape(reader)
    rotary = try RotaryShape(reader)
    experts = try ExpertShape(reader)
  }
}

extension ConfigurationReader {
  /// Refuses what would be computed wrongly rather than not at all.
  fileprivate func requireSupported() throws(ModelError) {
    let type = try text("model_type") ?? "none"
    guard type == "deepseek_v3" else {
      throw .unsupported(file: file, feature: "model_type \(type) (deepseek_v3 is)")
    }
    let activation = try text("hidden_act") ?? "silu"
    guard activation == "silu" else { throw .unsupported(file: file, feature: "hidden_act \(activation)") }
    let scoring = try text("scoring_func") ?? "sigmoid"
    guard scoring == "sigmoid" else { throw .unsupported(file: file, feature: "scoring_func \(scoring)") }
    let method = try text("topk_method") ?? "noaux_tc"
    guard method == "noaux_tc" else { throw .unsupported(file: file, feature: "topk_method \(method)") }
    guard try flag("attention_bias", default: false) == false else {
      throw .unsupported(file: file, feature: "attention_bias")
    }
    guard try optionalCount("moe_layer_freq") ?? 1 == 1 else {
      throw .unsupported(file: file, feature: "moe_layer_freq other than 1")
    }
    guard !contains("quantization_config") else {
      throw .unsupported(file: file, feature: "quantization_config")
    }
  }
}

extension LatentAttentionShape {
  fileprivate init(_ reader: ConfigurationReader) throws(ModelError) {
    headCount = try reader.count("num_attention_heads")
    queryRank = try reader.optionalCount("q_lora_rank")
    latentSize = try reader.count("kv_lora_rank")
    contentSize = try reader.count("qk_nope_head_dim")
    rotarySize = try reader.count("qk_rope_head_dim", atLeast: 2)
    valueSize = try reader.count("v_head_dim")
    guard rotarySize.isMultiple(of: 2) else {
      throw reader.fault("qk_rope_head_dim", "expected an even number, found \(rotarySize)")
    }
  }
}

extension RotaryShape {
  fileprivate init(_ reader: ConfigurationReader) throws(ModelError) {
    let nested = try reader.object("rope_parameters")
    let nestedTheta = try nested?.positiveNumber("rope_theta")
    let flatTheta = try reader.positiveNumber("rope_theta")
    theta = nestedTheta ?? flatTheta ?? 10_000
    isInterleaved = try reader.flag("rope_interleave", default: true)
    let flat = try reader.object("rope_scaling")
    let scaling = nested ?? flat
    guard let scaling else { return }
    let oldName = try scaling.text("type")
    switch try scaling.text("rope_type") ?? oldName ?? "default" {
    case "default": yarn = nil
    case "yarn":
      yarn = try YarnScaling(scaling, maxPositions: reader.optionalCount("max_position_embeddings"))
    case let other: throw .unsupported(file: reader.file, feature: "rope type \(other)")
    }
  }
}

extension YarnScaling {
  fileprivate init(_ reader: ConfigurationReader, maxPositions: Int?) throws(ModelError) {
    guard let factor = try reader.positiveNumber("factor") else { throw reader.fault("factor", "is missing") }
    self.factor = factor
    guard let original = try reader.optionalCount("original_max_position_embeddings") ?? maxPositions else {
      throw reader.fault("original_max_position_embeddings", "is missing")
    }
    originalPositions = original
    betaFast = try reader.positiveNumber("beta_fast") ?? 32
    betaSlow = try reader.positiveNumber("beta_slow") ?? 1
    mscale = try reader.optionalNumber("mscale")
    mscaleAllDimensions = try reader.optionalNumber("mscale_all_dim")
  }
}

extension ExpertShape {
  fileprivate init(_ reader: ConfigurationReader) throws(ModelError) {
    count = try reader.count("n_routed_experts")
    perToken = try reader.count("num_experts_per_tok")
    groupCount = try reader.optionalCount("n_group") ?? 1
    groupsPerToken = try reader.optionalCount("topk_group") ?? groupCount
    intermediateSize = try reader.count("moe_intermediate_size")
    sharedCount = try reader.optionalCount("n_shared_experts", atLeast: 0) ?? 0
    normalizesWeights = try reader.flag("norm_topk_prob", default: true)
    weightScale = try reader.optionalNumber("routed_scaling_factor") ?? 1
    guard count.isMultiple(of: groupCount) else {
      throw reader.fault("n_group", "\(count) experts do not divide into \(groupCount) groups")
    }
    guard groupsPerToken <= groupCount else {
      throw reader.fault("topk_group", "expected at most \(groupCount) groups, found \(groupsPerToken)")
    }
    let reachable = groupsPerToken * (count / groupCount)
    guard perToken <= reachable else {
      throw reader.fault("num_experts_per_tok", "expected at most \(reachable) experts, found \(perToken)")
    }
  }
}
