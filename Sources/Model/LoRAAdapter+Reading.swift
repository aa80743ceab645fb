import Tensors

extension LoRAAdapter {
  /// Reads an adapter as PEFT saves it: `adapter_config.json` and `adapter_model.safetensors`.
  ///
  /// Whatever would be computed wrongly is refused by name, so an adapter that is read is computed whole.
  ///
  /// - Parameters:
  ///   - path: The adapter's folder.
  ///   - model: The model that it was made for.
  public convenience init(folder path: String, for model: ModelConfiguration) throws(ModelError) {
    let settings = try LoRASettings(file: path + "/adapter_config.json", model: model)
    let file = try reading { () throws(TensorsError) in
      try SafetensorsFile(path: path + "/adapter_model.safetensors")
    }
    let found = try LoRATensors(file, model: model)
    let count = found.places.reduce(0) { $0 + $1.place.elementCount(rank: settings.rank) }
    do throws(TensorsError) {
      let memory = try FloatBuffer(count: count)
      let changes = try found.changes(settings, layers: model.layerCount, in: memory)
      self.init(rank: settings.rank, memory: memory, changes: changes)
    } catch { throw .tensors(error) }
  }
}

/// What `adapter_config.json` says of the arithmetic.
private struct LoRASettings {
  let rank: Int
  /// What the product of both matrices is multiplied by.
  let scale: Float

  init(file: String, model: ModelConfiguration) throws(ModelError) {
    let reader = try ConfigurationReader(file: file)
    let kind = try reader.text("peft_type") ?? "none"
    guard kind == "LORA" else { throw .unsupported(file: file, feature: "peft_type \(kind) (LORA is)") }
    for flag in ["use_dora", "lora_bias", "fan_in_fan_out", "use_qalora"] {
      if try reader.flag(flag, default: false) { throw .unsupported(file: file, feature: flag) }
    }
    let bias = try reader.text("bias") ?? "none"
    guard bias == "none" else { throw .unsupported(file: file, feature: "bias \(bias) (none is)") }
    for field in Self.refused where reader.says(field) { throw .unsupported(file: file, feature: field) }
    for field in ["rank_pattern", "alpha_pattern"] {
      for pattern in try reader.names(in: field) where Self.mayConcern(pattern, model) {
        throw .unsupported(file: file, feature: "\(field) \(pattern)")
      }
    }
    rank = try reader.count("r")
    guard rank <= LoRAAdapter.greatestRank else {
      throw reader.fault("r", "expected at most \(LoRAAdapter.greatestRank), found \(rank)")
    }
    guard let alpha = try reader.positiveNumber("lora_alpha") else {
      throw reader.fault("lora_alpha", "is missing")
    }
    // Rank-stabilised LoRA (Kalajdzievski, arXiv 2312.03732) divides by the root.
    let isStabilised = try reader.flag("use_rslora", default: false)
    scale = alpha / (isStabilised ? Float(rank).squareRoot() : Float(rank))
  }

  /// Fields that, when they say something, change what is computed beyond one scaled product a module.
  private static let refused = [
    "modules_to_save", "layer_replication", "trainable_token_indices", "alora_invocation_tokens",
  ]

  /// Whether an expression may match an adapted projection; PEFT itself writes some that match none.
  private static func mayConcern(_ pattern: String, _ model: ModelConfiguration) -> Bool {
    let end = pattern.split(separator: ".", omittingEmptySubsequences: false).last ?? ""
    guard !end.isEmpty, end.utf8.allSatisfy(Self.isWordByte) else { return true }
    return (0..<model.layerCount).contains { layer in
      model.adaptedProjections(ofLayer: layer).contains { $0.module.hasSuffix(end) }
    }
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
}

/// The pairs of tensors of an adapter's file, each at its place in the model.
private struct LoRATensors {
  let file: SafetensorsFile
  let places: [(layer: Int, place: ProjectionPlace)]

  init(_ file: SafetensorsFile, model: ModelConfiguration) throws(ModelError) {
    self.file = file
    var places: [(layer: Int, place: ProjectionPlace)] = []
    var unknown = Set(file.names)
    for layer in 0..<model.layerCount {
      for place in model.adaptedProjections(ofLayer: layer) {
        let names = [Self.name(layer, place, "lora_A"), Self.name(layer, place, "lora_B")]
        guard names.contains(where: unknown.contains) else { continue }
        unknown.subtract(names)
        places.append((layer, place))
      }
    }
    if let name = unknown.min() { throw .unsupported(file: file.path, feature: Self.refusal(of: name)) }
    guard !places.isEmpty else { throw .unsupported(file: file.path, feature: "an adapter without a tensor") }
    self.places = places
  }

  private static func name(_ layer: Int, _ place: ProjectionPlace, _ part: String) -> String {
    "base_model.model.model.layers.\(layer).\(place.module).\(part).weight"
  }

  private static func refusal(of name: String) -> String {
    let parts = name.split(separator: ".")
    if parts.contains("lora_magnitude_vector") { return "DoRA (tensor \(name))" }
    if parts.contains("kv_b_proj") {
      return "kv_b_proj, which absorbed attention never multiplies as one matrix (tensor \(name))"
    }
    if parts.contains("experts") { return "routed experts, which ranks share out (tensor \(name))" }
    return "tensor \(name), which is no adapted projection of this model"
  }

  /// The changes of all layers, copied to `memory`.
  func changes(
    _ settings: LoRASettings, layers: Int, in memory: FloatBuffer
  ) throws(TensorsError) -> [LowRankChange?] {
    var changes = [LowRankChange?](repeating: nil, count: layers * AdaptedProjection.allCases.count)
    var next = memory.base
    let rank = settings.rank
    for (layer, place) in places {
      let down = try matrix(Self.name(layer, place, "lora_A"), rows: rank, columns: place.inputs, at: next)
      next += rank * place.inputs
      let up = try matrix(Self.name(layer, place, "lora_B"), rows: place.outputs, columns: rank, at: next)
      scale(next, by: settings.scale, count: place.outputs * rank)
      next += place.outputs * rank
      changes[layer * AdaptedProjection.allCases.count + place.projection.rawValue] = LowRankChange(
        down: down, up: up)
    }
    return changes
  }

  private func matrix(
    _ name: String, rows: Int, columns: Int, at target: UnsafeMutablePointer<Float>
  ) throws(TensorsError) -> Matrix {
    guard let tensor = file.tensor(name) else { throw .missingTensor(file: file.path, tensor: name) }
    guard tensor.shape == [rows, columns] else {
      throw .wrongShape(file: file.path, tensor: name, expected: [rows, columns], found: tensor.shape)
    }
    try tensor.widen(into: target)
    return Matrix(UnsafeRawPointer(target), storage: .f32, rows: rows, columns: columns)
  }
}
