/// Which experts the tokens of a batch are sent to, and with what weight.
public struct ExpertRouting {
  /// Tokens.
  public let tokenCount: Int
  /// Experts of each token.
  public let expertsPerToken: Int
  /// Expert ids `[tokenCount, expertsPerToken]`, ascending and distinct within a token.
  public let ids: UnsafePointer<Int32>
  /// Weights of those experts, same shape.
  public let weights: UnsafePointer<Float>

  /// A view of routing tables that live elsewhere.
  public init(
    tokenCount: Int, expertsPerToken: Int, ids: UnsafePointer<Int32>, weights: UnsafePointer<Float>
  ) {
    self.tokenCount = tokenCount
    self.expertsPerToken = expertsPerToken
    self.ids = ids
    self.weights = weights
  }
}

/// Runs the routed experts of a layer, here or on other ranks.
///
/// The combine is canonical: each (token, expert) gives one row `weight · expert(hidden)`, rounded to
/// f32, and a token's rows are added in ascending expert id. So who owns an expert, and how many ranks
/// there are, never changes a bit of the result. The caller adds the shared expert afterwards.
public protocol ExpertDispatch {
  /// What can go wrong on the way, such as a dead peer; `Never` when nothing can.
  associatedtype Failure: Error

  /// Computes the routed part of a mixture-of-experts layer.
  ///
  /// Called for every such layer in order, also with no tokens (a dummy step takes part in the exchange).
  ///
  /// - Parameters:
  ///   - moeLayer: Index among the layers with experts, from 0.
  ///   - hidden: Normalised input, `[tokenCount, hiddenSize]`.
  ///   - routing: Where each token goes.
  ///   - output: `[tokenCount, hiddenSize]`, overwritten.
  func run(
    moeLayer: Int, hidden: UnsafePointer<Float>, routing: ExpertRouting, output: UnsafeMutablePointer<Float>
  ) throws(Failure)
}
