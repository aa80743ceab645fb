/// A linear layer of a transformer layer that an adapter may change.
///
/// Not among them: latent attention's `kv_b_proj`, which is never multiplied as one matrix because attention is absorbed;
/// routed experts, which other ranks compute; their router, the embedding and the head.
enum AdaptedProjection: Int, CaseIterable {
  case query
  case queryDown
  case queryUp
  case latentDown
  case key
  case value
  case output
  case gate
  case up
  case down
}

/// Where a projection's weights are named in a checkpoint, and their shape.
struct ProjectionPlace {
  let projection: AdaptedProjection
  /// The module's name below its transformer layer, such as `self_attn.q_proj`.
  let module: String
  let inputs: Int
  let outputs: Int

  /// Elements of a low-rank change of that rank.
  func elementCount(rank: Int) -> Int { rank * (inputs + outputs) }
}

extension ModelConfiguration {
  /// The projections of a layer that an adapter may change.
  func adaptedProjections(ofLayer layer: Int) -> [ProjectionPlace] {
    attentionProjections + feedForwardProjections(ofLayer: layer)
  }

  private var attentionProjections: [ProjectionPlace] {
    func place(_ projection: AdaptedProjection, _ name: String, _ inputs: Int, _ outputs: Int)
      -> ProjectionPlace
    {
      ProjectionPlace(projection: projection, module: "self_attn." + name, inputs: inputs, outputs: outputs)
    }
    switch attention {
    case .latent(let shape):
      let queries = shape.headCount * shape.queryHeadSize
      let query =
        if let rank = shape.queryRank {
          [place(.queryDown, "q_a_proj", hiddenSize, rank), place(.queryUp, "q_b_proj", rank, queries)]
        } else {
          [place(.query, "q_proj", hiddenSize, queries)]
        }
      return query + [
        place(.latentDown, "kv_a_proj_with_mqa", hiddenSize, shape.cachedWidth),
        place(.output, "o_proj", shape.headCount * shape.valueSize, hiddenSize),
      ]
    case .grouped(let shape):
      let queries = shape.headCount * shape.headSize
      let keys = shape.keyValueHeadCount * shape.headSize
      return [
        place(.query, "q_proj", hiddenSize, queries), place(.key, "k_proj", hiddenSize, keys),
        place(.value, "v_proj", hiddenSize, keys), place(.output, "o_proj", queries, hiddenSize),
      ]
    }
  }

  /// Those of a dense layer, or of the shared experts.
  private func feedForwardProjections(ofLayer layer: Int) -> [ProjectionPlace] {
    let isDense = !moeLayers.contains(layer)
    let width = isDense ? denseIntermediateSize : experts.intermediateSize * experts.sharedCount
    guard width > 0 else { return [] }
    let block = isDense ? "mlp." : "mlp.shared_experts."
    return [
      ProjectionPlace(projection: .gate, module: block + "gate_proj", inputs: hiddenSize, outputs: width),
      ProjectionPlace(projection: .up, module: block + "up_proj", inputs: hiddenSize, outputs: width),
      ProjectionPlace(projection: .down, module: block + "down_proj", inputs: width, outputs: hiddenSize),
    ]
  }
}
