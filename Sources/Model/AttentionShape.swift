/// The kinds of attention, each with its shape.
public enum AttentionShape: Equatable, Sendable {
  /// Multi-head latent attention: DeepSeek-V2 and V3.
  case latent(LatentAttentionShape)
  /// Grouped-query attention: Mixtral, Qwen3-MoE.
  case grouped(GroupedQueryAttentionShape)

  /// Elements cached per token and layer.
  public var cachedWidth: Int {
    switch self {
    case .latent(let shape): shape.cachedWidth
    case .grouped(let shape): shape.cachedWidth
    }
  }

  /// Elements of a head's query and key that carry the rotary position.
  public var rotarySize: Int {
    switch self {
    case .latent(let shape): shape.rotarySize
    case .grouped(let shape): shape.headSize
    }
  }
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

/// The shape of grouped-query attention (Ainslie et al., arXiv 2305.13245).
public struct GroupedQueryAttentionShape: Equatable, Sendable {
  /// Query heads.
  public var headCount: Int
  /// Key-value heads; each serves `groupSize` query heads that follow each other.
  public var keyValueHeadCount: Int
  /// Elements of a head's query, key and value; `headCount · headSize` need not be the hidden size.
  public var headSize: Int
  /// Whether each head's query and key are normalised before they are rotated.
  public var normalizesHeads: Bool

  /// Query heads of one key-value head.
  public var groupSize: Int { headCount / keyValueHeadCount }
  /// Elements cached per token and layer: for each key-value head its rotated key, then its value.
  public var cachedWidth: Int { keyValueHeadCount * 2 * headSize }
}
