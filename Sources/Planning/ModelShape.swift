public import JSON

/// How large the parts of a model are, as its Hugging Face `config.json` tells it.
///
/// Counted as in the checkpoints of DeepSeek, Mixtral and Qwen3-MoE, and of dense models of Llama's kind; biases and the
/// norms inside attention are left out where they are far below a thousandth.
public struct ModelShape: Sendable, Equatable {
  /// Transformer layers.
  public var layers: Int
  /// Layers with experts.
  public var expertLayers: Int
  /// Routed experts of such a layer; 0 in a dense model.
  public var experts: Int
  /// Parameters of one routed expert of one layer.
  public var expertParameters: Int
  /// Parameters of the embedding, the head and the routers, which quantised checkpoints keep in 16 bits.
  public var plainParameters: Int
  /// Parameters of attention, dense layers and shared experts.
  public var denseParameters: Int
  /// Elements that a layer keeps of a token.
  public var cachedElementsPerLayer: Int
  /// Whether these are latent (MLA), and so the same on all ranks of a tensor-parallel group.
  public var isLatent: Bool
  /// The longest sequence the model was made for; nil when it does not say.
  public var longestSequence: Int?
  /// Bytes of a parameter in the checkpoint; nil when it does not say.
  public var parameterBytes: Double?

  /// Elements that all layers keep of a token.
  public var cachedElements: Int { layers * cachedElementsPerLayer }

  /// Parameters of all routed experts.
  public var routedParameters: Int { expertLayers * experts * expertParameters }

  /// Reads a `config.json`.
  ///
  /// - Throws: ``PlanningError`` for a number without which nothing can be said, or that no model has.
  public init(config: JSONValue) throws(PlanningError) {
    let sizes = ConfiguredSizes(config: config)
    let hidden = try sizes["hidden_size"]
    layers = try sizes["num_hidden_layers"]
    experts = try sizes.first("n_routed_experts", "num_local_experts", "num_experts") ?? 0
    let first = try sizes.optional("first_k_dense_replace") ?? 0
    expertLayers = experts > 0 ? max(0, layers - first) : 0
    let inner = try sizes["intermediate_size"]
    let expertInner = try sizes.optional("moe_intermediate_size") ?? inner
    expertParameters = 3 * hidden * expertInner
    let shared = try sizes.optional("n_shared_experts") ?? 0
    let attention = try AttentionSize(sizes, hidden: hidden)
    // Sizes that are each possible may still have a product that is not.
    try ConfiguredSizes.check(expertLayers, experts + shared, expertParameters)
    try ConfiguredSizes.check(layers, 3 * hidden * inner)
    try ConfiguredSizes.check(layers, attention.parameters + 2 * hidden)
    try ConfiguredSizes.check(layers, attention.cachedElements)
    let embeddings =
      try sizes["vocab_size"] * hidden * (config["tie_word_embeddings"]?.bool == true ? 1 : 2)
    plainParameters = embeddings + expertLayers * experts * (hidden + 1)
    denseParameters =
      (layers - expertLayers) * 3 * hidden * inner + expertLayers * shared * expertParameters
    denseParameters += layers * (attention.parameters + 2 * hidden)
    cachedElementsPerLayer = attention.cachedElements
    isLatent = attention.isLatent
    longestSequence = config["max_position_embeddings"]?.integer.flatMap { $0 > 0 ? $0 : nil }
    parameterBytes = Self.parameterBytes(config)
  }

  private static func parameterBytes(_ config: JSONValue) -> Double? {
    switch config["quantization_config"]?["quant_method"]?.string {
    // A 32-bit scale for each block of 128 x 128.
    case "fp8"?: return 1 + 4.0 / 16_384
    case nil: break
    default: return nil
    }
    switch (config["torch_dtype"] ?? config["dtype"])?.string {
    case "bfloat16"?, "float16"?: return 2
    case "float32"?: return 4
    default: return nil
    }
  }
}

/// The part of a layer that looks back.
struct AttentionSize {
  let parameters: Int
  let cachedElements: Int
  let isLatent: Bool

  init(_ sizes: ConfiguredSizes, hidden: Int) throws(PlanningError) {
    let heads = try sizes["num_attention_heads"]
    guard let latent = try sizes.optional("kv_lora_rank") else {
      let width = try sizes.optional("head_dim") ?? max(1, hidden / heads)
      let keyHeads = try sizes.optional("num_key_value_heads") ?? heads
      parameters = hidden * width * (2 * heads + 2 * keyHeads)
      cachedElements = 2 * keyHeads * width
      isLatent = false
      return
    }
    let plain = try sizes["qk_nope_head_dim"]
    let rotary = try sizes["qk_rope_head_dim"]
    let value = try sizes["v_head_dim"]
    let queries = heads * (plain + rotary)
    let query = try sizes.optional("q_lora_rank").map { (hidden + queries) * $0 } ?? hidden * queries
    let keys = hidden * (latent + rotary) + latent * heads * (plain + value)
    parameters = query + keys + heads * value * hidden
    cachedElements = latent + rotary
    isLatent = true
  }
}

/// Why nothing can be said of a model.
public enum PlanningError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Its `config.json` does not have a number.
  case missing(String)
  /// A number of its `config.json`, or a product of some, is none that a model has.
  case implausible(String)

  /// The reason in words.
  public var description: String {
    switch self {
    case .missing(let name): "config.json has no `\(name)`, without which its memory cannot be told"
    case .implausible(let name): "config.json describes no possible model: see `\(name)`"
    }
  }
}
