/// How the next token is drawn, in the words of vLLM's sampling parameters.
public struct SamplingParameters: Equatable, Sendable {
  /// Divisor of the logits; 0 is greedy.
  public var temperature: Float
  /// Smallest probability mass of the most likely tokens to draw from; 1 is all.
  public var topP: Float
  /// How many of the most likely tokens to draw from; 0 is all.
  public var topK: Int
  /// Smallest probability of a token relative to the most likely one; 0 is any.
  public var minP: Float
  /// Seed of the request's draws.
  public var seed: UInt64

  /// Parameters; the defaults draw from the model's own distribution.
  public init(
    temperature: Float = 1, topP: Float = 1, topK: Int = 0, minP: Float = 0, seed: UInt64 = 0
  ) {
    self.temperature = temperature
    self.topP = topP
    self.topK = topK
    self.minP = minP
    self.seed = seed
  }

  /// Temperatures below this are greedy, as in vLLM: dividing by them overflows.
  static let greedyBelow: Float = 1e-5

  /// Whether the most likely token is taken without a draw.
  public var isGreedy: Bool { temperature < Self.greedyBelow }
}
