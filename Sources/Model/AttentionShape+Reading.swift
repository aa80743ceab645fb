extension AttentionShape {
  init(_ reader: ConfigurationReader, _ family: ModelFamily) throws(ModelError) {
    switch family {
    case .deepseekV2, .deepseekV3: self = .latent(try LatentAttentionShape(reader))
    case .mixtral: self = .grouped(try GroupedQueryAttentionShape(reader, normalizesHeads: false))
    case .qwen3MoE: self = .grouped(try GroupedQueryAttentionShape(reader, normalizesHeads: true))
    }
  }
}

extension LatentAttentionShape {
  fileprivate init(_ reader: ConfigurationReader) throws(ModelError) {
    headCount = try reader.count("num_attention_heads")
    // Published V2-Lite checkpoints write null, some converters 0.
    queryRank = try reader.optionalCount("q_lora_rank", atLeast: 0).flatMap { $0 == 0 ? nil : $0 }
    latentSize = try reader.count("kv_lora_rank")
    contentSize = try reader.count("qk_nope_head_dim")
    rotarySize = try reader.evenCount("qk_rope_head_dim")
    valueSize = try reader.count("v_head_dim")
  }
}

extension GroupedQueryAttentionShape {
  fileprivate init(_ reader: ConfigurationReader, normalizesHeads: Bool) throws(ModelError) {
    headCount = try reader.count("num_attention_heads")
    keyValueHeadCount = try reader.optionalCount("num_key_value_heads") ?? headCount
    guard headCount.isMultiple(of: keyValueHeadCount) else {
      throw reader.fault(
        "num_key_value_heads", "\(headCount) query heads do not divide among \(keyValueHeadCount)")
    }
    if reader.contains("head_dim") {
      headSize = try reader.evenCount("head_dim")
    } else {
      let hidden = try reader.count("hidden_size")
      guard hidden.isMultiple(of: 2 * headCount) else {
        throw reader.fault("head_dim", "is missing, and \(headCount) heads do not divide \(hidden) evenly")
      }
      headSize = hidden / headCount
    }
    self.normalizesHeads = normalizesHeads
  }
}

extension ConfigurationReader {
  /// A size that is rotated in pairs.
  fileprivate func evenCount(_ field: String) throws(ModelError) -> Int {
    let count = try count(field, atLeast: 2)
    guard count.isMultiple(of: 2) else { throw fault(field, "expected an even number, found \(count)") }
    return count
  }
}
