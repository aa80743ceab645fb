import Tensors

/// Where a layer's router and experts lie in the weight files, found by looking.
struct ExpertNames {
  private enum Layout {
    /// `experts.N.{gate,up,down}_proj.weight`: DeepSeek, Qwen3.
    case projections
    /// `experts.N.{w1,w3,w2}.weight`: Mixtral.
    case numbered
    /// `experts.gate_up_proj [E, 2I, H]` and `experts.down_proj [E, H, I]`: transformers 5 in memory.
    case fused
  }

  /// The block that holds them, such as `model.layers.3.mlp`.
  let block: String
  private let layout: Layout

  init(_ folder: WeightFolder, layer: Int) {
    let sparse = "model.layers.\(layer).block_sparse_moe"
    block = folder.contains(sparse + ".gate.weight") ? sparse : "model.layers.\(layer).mlp"
    layout =
      if folder.contains(block + ".experts.gate_up_proj") {
        .fused
      } else if folder.contains(block + ".experts.0.w1.weight") {
        .numbered
      } else {
        .projections
      }
  }

  /// The networks of all experts, by id.
  func networks(
    _ folder: WeightFolder, shape: ExpertShape, hiddenSize: Int
  ) throws(TensorsError) -> [FeedForwardWeights] {
    var networks: [FeedForwardWeights] = []
    switch layout {
    case .fused: return try fused(folder, shape: shape, hiddenSize: hiddenSize)
    case .projections:
      for expert in 0..<shape.count {
        networks.append(
          try FeedForwardWeights(
            folder, prefix: block + ".experts.\(expert)", hiddenSize: hiddenSize,
            width: shape.intermediateSize))
      }
    case .numbered:
      for expert in 0..<shape.count {
        networks.append(
          try FeedForwardWeights(
            folder, prefix: block + ".experts.\(expert)", names: (gate: "w1", up: "w3", down: "w2"),
            hiddenSize: hiddenSize, width: shape.intermediateSize))
      }
    }
    return networks
  }

  private func fused(
    _ folder: WeightFolder, shape: ExpertShape, hiddenSize: Int
  ) throws(TensorsError) -> [FeedForwardWeights] {
    let width = shape.intermediateSize
    let inner = try folder.matrices(
      block + ".experts.gate_up_proj", count: shape.count, rows: 2 * width, columns: hiddenSize)
    let down = try folder.matrices(
      block + ".experts.down_proj", count: shape.count, rows: hiddenSize, columns: width)
    return (0..<shape.count).map { expert in
      FeedForwardWeights(
        folder, name: block + ".experts.\(expert)", gate: inner[expert][rows: 0..<width],
        up: inner[expert][rows: width..<2 * width], down: down[expert])
    }
  }
}
