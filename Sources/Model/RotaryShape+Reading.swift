extension RotaryShape {
  init(_ reader: ConfigurationReader, _ family: ModelFamily) throws(ModelError) {
    let nested = try reader.object("rope_parameters")
    let flat = try reader.object("rope_scaling")
    let nestedTheta = try nested?.positiveNumber("rope_theta")
    let flatTheta = try reader.positiveNumber("rope_theta")
    theta = nestedTheta ?? flatTheta ?? family.defaultTheta
    switch family {
    case .deepseekV2: isInterleaved = true
    case .deepseekV3: isInterleaved = try reader.flag("rope_interleave", default: true)
    case .mixtral, .qwen3MoE: isInterleaved = false
    }
    try reader.refusePartialRotation()
    guard let scaling = nested ?? flat else { return }
    try scaling.refusePartialRotation()
    let oldName = try scaling.text("type")
    switch try scaling.text("rope_type") ?? oldName ?? "default" {
    case "default": yarn = nil
    case "yarn":
      yarn = try YarnScaling(scaling, maxPositions: reader.optionalCount("max_position_embeddings"))
    case let other: throw .unsupported(file: reader.file, feature: "rope type \(other)")
    }
  }
}

extension ModelFamily {
  /// What transformers takes when `rope_theta` is missing.
  fileprivate var defaultTheta: Float { self == .mixtral ? 1_000_000 : 10_000 }
}

extension ConfigurationReader {
  fileprivate func refusePartialRotation() throws(ModelError) {
    guard let share = try optionalNumber("partial_rotary_factor"), share != 1 else { return }
    throw .unsupported(file: file, feature: "\(prefix)partial_rotary_factor \(share)")
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
    guard try reader.flag("truncate", default: true) else {
      throw .unsupported(file: reader.file, feature: "\(reader.prefix)truncate false")
    }
    betaFast = try reader.positiveNumber("beta_fast") ?? 32
    betaSlow = try reader.positiveNumber("beta_slow") ?? 1
    attentionFactor = try reader.positiveNumber("attention_factor")
    mscale = try reader.optionalNumber("mscale")
    mscaleAllDimensions = try reader.optionalNumber("mscale_all_dim")
  }
}
