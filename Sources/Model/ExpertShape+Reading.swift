extension ExpertShape {
  init(_ reader: ConfigurationReader, _ family: ModelFamily) throws(ModelError) {
    perToken = try reader.count("num_experts_per_tok")
    switch family {
    case .deepseekV2, .deepseekV3:
      count = try reader.count("n_routed_experts")
      intermediateSize = try reader.count("moe_intermediate_size")
      sharedCount = try reader.optionalCount("n_shared_experts", atLeast: 0) ?? 0
      normalizesWeights = try reader.flag("norm_topk_prob", default: family == .deepseekV3)
      weightScale = try reader.optionalNumber("routed_scaling_factor") ?? 1
    case .mixtral:
      count = try reader.count("num_local_experts")
      intermediateSize = try reader.count("intermediate_size")
      sharedCount = 0
      normalizesWeights = true
      weightScale = 1
    case .qwen3MoE:
      // transformers 5 writes the field by its common name, older versions by Qwen's own.
      count = try reader.count(reader.contains("num_experts") ? "num_experts" : "num_local_experts")
      intermediateSize = try reader.count("moe_intermediate_size")
      sharedCount = 0
      normalizesWeights = try reader.flag("norm_topk_prob", default: false)
      weightScale = 1
    }
    router = try RouterKind(reader, family, expertCount: count)
    let groups = router.groups ?? ExpertGroups(count: 1, perToken: 1)
    let reachable = groups.perToken * (count / groups.count)
    guard perToken <= reachable else {
      throw reader.fault("num_experts_per_tok", "expected at most \(reachable) experts, found \(perToken)")
    }
  }
}

extension RouterKind {
  fileprivate init(
    _ reader: ConfigurationReader, _ family: ModelFamily, expertCount: Int
  ) throws(ModelError) {
    switch family {
    case .deepseekV3:
      self = .biasedSigmoid(try ExpertGroups(reader, expertCount: expertCount))
    case .deepseekV2 where try reader.text("topk_method") == "group_limited_greedy":
      self = .groupedSoftmax(try ExpertGroups(reader, expertCount: expertCount))
    case .deepseekV2, .mixtral, .qwen3MoE:
      self = .softmax
    }
  }
}

extension ExpertGroups {
  fileprivate init(_ reader: ConfigurationReader, expertCount: Int) throws(ModelError) {
    count = try reader.optionalCount("n_group") ?? 1
    perToken = try reader.optionalCount("topk_group") ?? count
    guard expertCount.isMultiple(of: count) else {
      throw reader.fault("n_group", "\(expertCount) experts do not divide into \(count) groups")
    }
    guard perToken <= count else {
      throw reader.fault("topk_group", "expected at most \(count) groups, found \(perToken)")
    }
  }
}
