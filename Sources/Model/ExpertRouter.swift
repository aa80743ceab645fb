import Tensors

/// DeepSeek-V3's router: sigmoid scores, a bias that only steers the choice, groups, top-k.
///
/// The group score is the sum of the group's two best biased scores; experts outside the best groups
/// cannot be chosen. Weights are the unbiased scores of the chosen, optionally divided by their sum,
/// times a scale (DeepSeek-V3, arXiv 2412.19437, §2.1.2).
struct ExpertRouter {
  let shape: ExpertShape
  /// Biased scores, -infinity for experts of the groups that lost.
  private let choice: FloatBuffer
  private let groupScores: FloatBuffer

  init(_ shape: ExpertShape) throws(TensorsError) {
    self.shape = shape
    choice = try FloatBuffer(count: shape.count)
    groupScores = try FloatBuffer(count: shape.groupCount)
  }

  /// Routes one token.
  ///
  /// - Parameters:
  ///   - scores: Sigmoid scores of all experts.
  ///   - bias: `e_score_correction_bias`.
  ///   - ids: `shape.perToken` expert ids, written in ascending order.
  ///   - weights: Their weights.
  func route(
    scores: UnsafePointer<Float>, bias: UnsafePointer<Float>, ids: UnsafeMutablePointer<Int32>,
    weights: UnsafeMutablePointer<Float>
  ) {
    for expert in 0..<shape.count { choice.base[expert] = scores[expert] + bias[expert] }
    if shape.groupsPerToken < shape.groupCount { closeLosingGroups() }
    chooseBest(shape.perToken, of: choice.base, count: shape.count, into: ids)
    sortAscending(ids)
    weigh(scores, ids, weights)
  }

  private func closeLosingGroups() {
    let size = shape.count / shape.groupCount
    for group in 0..<shape.groupCount {
      var best = -Float.infinity
      var second = -Float.infinity
      for expert in group * size..<(group + 1) * size {
        let score = choice.base[expert]
        if score > best {
          second = best
          best = score
        } else if score > second {
          second = score
        }
      }
      groupScores.base[group] = size > 1 ? best + second : best
    }
    for _ in 0..<shape.groupCount - shape.groupsPerToken { closeWorstGroup(size: size) }
  }

  /// Drops the group with the lowest score, the later one on a tie.
  private func closeWorstGroup(size: Int) {
    var worst = -1
    for group in 0..<shape.groupCount where !groupScores.base[group].isNaN {
      if worst < 0 || groupScores.base[group] <= groupScores.base[worst] { worst = group }
    }
    guard worst >= 0 else { return }
    groupScores.base[worst] = .nan
    for expert in worst * size..<(worst + 1) * size { choice.base[expert] = -.infinity }
  }

  /// The ids of the `k` highest values, the lower id on a tie; always distinct, even among NaN.
  private func chooseBest(
    _ k: Int, of values: UnsafePointer<Float>, count: Int, into ids: UnsafeMutablePointer<Int32>
  ) {
    for slot in 0..<k {
      var best = -1
      for expert in 0..<count {
        if best >= 0, !(values[expert] > values[best]) { continue }
        if UnsafeBufferPointer(start: ids, count: slot).contains(Int32(expert)) { continue }
        best = expert
      }
      ids[slot] = Int32(best)
    }
  }

  private func sortAscending(_ ids: UnsafeMutablePointer<Int32>) {
    var chosen = UnsafeMutableBufferPointer(start: ids, count: shape.perToken)
    chosen.sort()
  }

  private func weigh(
    _ scores: UnsafePointer<Float>, _ ids: UnsafePointer<Int32>, _ weights: UnsafeMutablePointer<Float>
  ) {
    var sum: Float = 0
    for slot in 0..<shape.perToken {
      weights[slot] = scores[Int(ids[slot])]
      sum += weights[slot]
    }
    // The small term is the reference's guard against division by zero.
    let divisor = shape.normalizesWeights ? sum + 1e-20 : 1
    for slot in 0..<shape.perToken { weights[slot] = weights[slot] / divisor * shape.weightScale }
  }
}
