/// The shape of a DeepSeek-V3 style model, as its Hugging Face `config.json` tells it.
public struct ModelConfiguration: Equatable, Sendable {
  /// Tokens of the vocabulary; also the width of a row of logits.
  public var vocabularySize: Int
  /// Elements of a token's hidden state.
  public var hiddenSize: Int
  /// Transformer layers.
  public var layerCount: Int
  /// Leading layers with a dense feed-forward network instead of experts.
  public var denseLayerCount: Int
  /// Inner width of the dense feed-forward networks.
  public var denseIntermediateSize: Int
  /// Added to the mean square before the root.
  public var normEpsilon: Float
  /// Longest sequence the model's author allows.
  public var maxPositions: Int
  /// Whether the output projection is the embedding table.
  public var tiesEmbeddings: Bool
  /// Token that begins a text, if the model has one.
  public var beginToken: Int32?
  /// Tokens that end a text.
  public var endTokens: [Int32]
  /// Multi-head latent attention.
  public var attention: LatentAttentionShape
  /// Rotary position embedding.
  public var rotary: RotaryShape
  /// The mixture of experts.
  public var experts: ExpertShape

  /// Layers with experts.
  public var moeLayerCount: Int { layerCount - denseLayerCount }
}

/// The shape of multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, §2.1).
public struct LatentAttentionShape: Equatable, Sendable {
  /// Query heads.
  public var headCount: Int
  /// Rank of the query projection; nil when it is a single full matrix.
  public var queryRank: Int?
  /// Elements of the cached latent.
  public var latentSize: Int
  /// Elements of a head's query and key without position.
  public var contentSize: Int
  /// Elements of a head's query, and of the shared key, that carry the rotary position.
  public var rotarySize: Int
  /// Elements of a head's value.
  public var valueSize: Int

  /// Elements of a head's query; the config's `head_dim` is something else and never used.
  public var queryHeadSize: Int { contentSize + rotarySize }
  /// Elements cached per token and layer: the normalised latent, then the rotated shared key.
  public var cachedWidth: Int { latentSize + rotarySize }
}

/// The shape of the rotary position embedding.
public struct RotaryShape: Equatable, Sendable {
  /// Base of the geometric series of wavelengths.
  public var theta: Float
  /// Whether neighbours `(x0, x1)` are rotated together, rather than halves.
  public var isInterleaved: Bool
  /// Context extension, if the model was trained with one.
  public var yarn: YarnScaling?
}

/// YaRN context extension (Peng et al., arXiv 2309.00071) in DeepSeek's parameters.
public struct YarnScaling: Equatable, Sendable {
  /// Context length after extension over before.
  public var factor: Float
  /// Context length before extension.
  public var originalPositions: Int
  /// Rotations above which a dimension keeps its frequency.
  public var betaFast: Float
  /// Rotations below which a dimension's frequency is divided by `factor`.
  public var betaSlow: Float
  /// Attention temperature parameter, nil when the config is silent.
  public var mscale: Float?
  /// Attention temperature parameter over all dimensions, nil when the config is silent.
  public var mscaleAllDimensions: Float?
}

/// The shape of the mixture of experts and its router (DeepSeek-V3, arXiv 2412.19437, §2.1).
public struct ExpertShape: Equatable, Sendable {
  /// Routed experts of a layer.
  public var count: Int
  /// Experts a token is sent to.
  public var perToken: Int
  /// Groups the experts are divided into.
  public var groupCount: Int
  /// Groups a token's experts may come from.
  public var groupsPerToken: Int
  /// Inner width of one expert.
  public var intermediateSize: Int
  /// Shared experts every token passes, stored as one wide network.
  public var sharedCount: Int
  /// Whether the chosen experts' weights are divided by their sum.
  public var normalizesWeights: Bool
  /// Factor of the routed weights.
  public var weightScale: Float
}
