/// The architectures this engine runs, by the `model_type` of their configuration.
enum ModelFamily: String, CaseIterable {
  case deepseekV2 = "deepseek_v2"
  case deepseekV3 = "deepseek_v3"
  case mixtral
  case qwen3MoE = "qwen3_moe"

  /// The family `config.json` names, once everything has been refused that would be computed wrongly.
  init(_ reader: ConfigurationReader) throws(ModelError) {
    let type = try reader.text("model_type") ?? "none"
    guard let family = ModelFamily(rawValue: type) else {
      let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
      throw .unsupported(file: reader.file, feature: "model_type \(type) (\(known) are)")
    }
    self = family
    try reader.refuseQuantization()
    try reader.require("hidden_act", oneOf: ["silu"])
    for flag in ["attention_bias", "mlp_bias"] { try reader.refuse(flag) }
    switch family {
    case .deepseekV2:
      try reader.require("scoring_func", oneOf: ["softmax"])
      try reader.require("topk_method", oneOf: ["greedy", "group_limited_greedy"])
      // Implementations disagree on whether the scale still applies; no published checkpoint asks for it.
      try reader.refuse("norm_topk_prob")
      try reader.requireExpertsInEveryLayer()
    case .deepseekV3:
      try reader.require("scoring_func", oneOf: ["sigmoid"])
      try reader.require("topk_method", oneOf: ["noaux_tc"])
      try reader.requireExpertsInEveryLayer()
    case .mixtral:
      try reader.refuseValue("sliding_window")
    case .qwen3MoE:
      if try reader.flag("use_sliding_window", default: false) { try reader.refuseValue("sliding_window") }
    }
  }
}

extension ConfigurationReader {
  /// Refuses a field that is there with a value that is not listed.
  fileprivate func require(_ field: String, oneOf values: [String]) throws(ModelError) {
    guard let value = try text(field), !values.contains(value) else { return }
    throw .unsupported(file: file, feature: "\(field) \(value)")
  }

  fileprivate func refuse(_ flag: String) throws(ModelError) {
    if try self.flag(flag, default: false) { throw .unsupported(file: file, feature: flag) }
  }

  fileprivate func refuseValue(_ field: String) throws(ModelError) {
    guard let value = try optionalCount(field, atLeast: 0) else { return }
    throw .unsupported(file: file, feature: "\(field) \(value) (null is)")
  }

  /// FP8 checkpoints and the like: their weights are no numbers until someone applies their scales.
  fileprivate func refuseQuantization() throws(ModelError) {
    guard let quantization = try object("quantization_config") else { return }
    let method = try quantization.text("quant_method") ?? "of an unnamed method"
    throw .unsupported(
      file: file, feature: "quantization_config \(method); convert the checkpoint to bf16 first")
  }

  fileprivate func requireExpertsInEveryLayer() throws(ModelError) {
    guard try optionalCount("moe_layer_freq") ?? 1 == 1 else {
      throw .unsupported(file: file, feature: "moe_layer_freq other than 1")
    }
  }
}
