/// The shape of the mixture of experts and its router.
public struct ExpertShape: Equatable, Sendable {
  /// Routed experts of a layer.
  public var count: Int
  /// Experts a token is sent to.
  public var perToken: Int
  /// How a token's experts are chosen.
  public var router: RouterKind
  /// Inner width of one expert.
  public var intermediateSize: Int
  /// Shared experts every token passes, stored as one wide network.
  public var sharedCount: Int
  /// Whether the chosen experts' weights are divided by their sum.
  public var normalizesWeights: Bool
  /// Factor of the routed weights.
  public var weightScale: Float
}

/// How a token's experts are chosen from the router's logits.
public enum RouterKind: Equatable, Sendable {
  /// DeepSeek-V3 (arXiv 2412.19437, §2.1.2): sigmoid scores, a learnt bias that only steers the choice,
  /// and groups ranked by the sum of their two best biased scores.
  case biasedSigmoid(ExpertGroups)
  /// DeepSeek-V2 (arXiv 2405.04434, §2.2.2): softmax over all experts, groups ranked by their best score.
  case groupedSoftmax(ExpertGroups)
  /// Mixtral, Qwen3-MoE, DeepSeek-V2-Lite: the highest of a softmax over all experts.
  case softmax

  /// The groups that limit the choice, if there are any.
  var groups: ExpertGroups? {
    switch self {
    case .biasedSigmoid(let groups), .groupedSoftmax(let groups): groups
    case .softmax: nil
    }
  }
}

/// Experts divided into groups of equal size, of which a token may use only some.
public struct ExpertGroups: Equatable, Sendable {
  /// Groups the experts are divided into.
  public var count: Int
  /// Groups a token's experts may come from.
  public var perToken: Int
}
