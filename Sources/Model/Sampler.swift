import Glibc
import Tensors

/// Draws next tokens from rows of logits; its scratch memory is reused from draw to draw.
///
/// The order is vLLM's: temperature, min_p, top_k, top_p, draw.
public struct Sampler {
  /// Tokens still in play: unnormalised probabilities, largest first once ordered.
  private var candidates: [Candidate] = []

  private struct Candidate {
    let token: Int32
    let weight: Float

    /// More likely first, the lower id on a tie, so that the order is total and reproducible.
    func precedes(_ other: Candidate) -> Bool {
      weight != other.weight ? weight > other.weight : token < other.token
    }
  }

  /// A sampler with no memory of earlier draws.
  public init() {}

  /// The most likely token, the lowest id on a tie; logits that are not numbers never win.
  public static func greedy(_ logits: UnsafeBufferPointer<Float>) -> Int32 {
    guard let base = logits.baseAddress else { return 0 }
    return Int32(indexOfLargest(base, count: logits.count))
  }

  /// Draws the token at a position of a sequence.
  ///
  /// - Parameters:
  ///   - logits: One row, not empty.
  ///   - parameters: How to draw.
  ///   - position: The drawn token's position in its sequence.
  public mutating func sample(
    _ logits: UnsafeBufferPointer<Float>, parameters: SamplingParameters, position: Int
  ) -> Int32 {
    precondition(!logits.isEmpty, "a row of logits has a vocabulary")
    let best = Self.greedy(logits)
    guard !parameters.isGreedy, logits[Int(best)].isFinite else { return best }
    collect(logits, largest: logits[Int(best)], parameters)
    let kept = truncate(parameters)
    let uniform = CounterGenerator(seed: parameters.seed).uniform(position: position)
    return draw(kept, uniform: uniform) ?? best
  }

  /// Fills `candidates` with the tokens min_p leaves, weighted relative to the most likely one.
  private mutating func collect(
    _ logits: UnsafeBufferPointer<Float>, largest: Float, _ parameters: SamplingParameters
  ) {
    candidates.removeAll(keepingCapacity: true)
    for (index, logit) in logits.enumerated() {
      let weight = expf((logit - largest) / parameters.temperature)
      if weight > 0, weight >= parameters.minP {
        candidates.append(Candidate(token: Int32(index), weight: weight))
      }
    }
  }

  /// Orders candidates as far as needed and returns how many of the first ones stay.
  private mutating func truncate(_ parameters: SamplingParameters) -> Int {
    let all = candidates.count
    let limit = parameters.topK > 0 ? min(parameters.topK, all) : all
    guard limit < all || parameters.topP < 1 else { return all }
    candidates.sort { $0.precedes($1) }
    guard parameters.topP < 1 else { return limit }
    let mass = Double(parameters.topP) * candidates[..<limit].reduce(0) { $0 + Double($1.weight) }
    var sum = 0.0
    for (index, candidate) in candidates[..<limit].enumerated() {
      sum += Double(candidate.weight)
      if sum >= mass { return index + 1 }
    }
    return limit
  }

  private func draw(_ kept: Int, uniform: Double) -> Int32? {
    let total = candidates[..<kept].reduce(0) { $0 + Double($1.weight) }
    let target = uniform * total
    var sum = 0.0
    for candidate in candidates[..<kept] {
      sum += Double(candidate.weight)
      if target < sum { return candidate.token }
    }
    return candidates[..<kept].last?.token
  }
}
