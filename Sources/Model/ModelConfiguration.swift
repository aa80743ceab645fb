/// The shape of a mixture-of-experts transformer, as its Hugging Face `config.json` tells it.
public struct ModelConfiguration: Equatable, Sendable {
  /// Tokens of the vocabulary; also the width of a row of logits.
  public var vocabularySize: Int
  /// Elements of a token's hidden state.
  public var hiddenSize: Int
  /// Transformer layers.
  public var layerCount: Int
  /// The layers with experts, ascending; the others have a dense feed-forward network.
  public var moeLayers: [Int]
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
  /// The kind of attention and its shape.
  public var attention: AttentionShape
  /// Rotary position embedding.
  public var rotary: RotaryShape
  /// The mixture of experts.
  public var experts: ExpertShape

  /// Layers with experts.
  public var moeLayerCount: Int { moeLayers.count }
}
