import Glibc
import Tensors

/// Chooses the experts of each token; see ``RouterKind``.
///
/// Experts outside the best groups cannot be chosen. Weights are the scores of the chosen, without the
/// bias that steered the choice, optionally divided by their sum, times a scale.
struct ExpertRouter {
  let shape: ExpertShape
  /// Biased scores, -infinity for experts of the groups that lost.
  private let choice: FloatBuffer
  private let groupScores: FloatBuffer

  init(_ shape: ExpertShape) throws(TensorsError) {
    self.shape = shape
    choice = try FloatBuffer(count: shape.count)
    groupScores = try FloatBuffer(count: shape.router.groups?.count ?? 1)
  }

  /// Turns the logits of `tokens` tokens into scores, in place.
  func score(_ logits: UnsafeMutablePointer<Float>, tokens: Int) {
    switch shape.router {
    case .biasedSigmoid: applySigmoid(logits, count: tokens * shape.count)
    case .groupedSoftmax, .softmax:
      for token in 0..<tokens { applySoftmax(logits + token * shape.count) }
    }
  }

  private func applySoftmax(_ logits: UnsafeMutablePointer<Float>) {
    let row = UnsafeMutableBufferPointer(start: logits, count: shape.count)
    let largest = row.max() ?? 0
    var sum: Float = 0
    for expert in row.indices {
      row[expert] = expf(row[expert] - largest)
      sum += row[expert]
    }
    for expert in row.indices { row[expert] /= sum }
  }

  /// Routes one token.
  ///
  /// - Parameters:
  ///   - scores: Scores of all experts.
  ///   - bias: What steers the choice, `e_score_correction_bias`; zeros for routers without one.
  ///   - ids: `shape.perToken` expert ids, written in ascending order.
  ///   - weights: Their weights.
  func route(
    scores: UnsafePointer<Float>, bias: UnsafePointer<Float>, ids: UnsafeMutablePointer<Int32>,
    weights: UnsafeMutablePointer<Float>
  ) {
    for expert in 0..<shape.count { choice.base[expert] = scores[expert] + bias[expert] }
    if let groups = shape.router.groups, groups.perToken < groups.count { closeLosingGroups(groups) }
    chooseBest(shape.perToken, of: choice.base, count: shape.count, into: ids)
    sortAscending(ids)
    weigh(scores, ids, weights)
  }

  private func closeLosingGroups(_ groups: ExpertGroups) {
    let size = shape.count / groups.count
    for group in 0..<groups.count {
      groupScores.base[group] = groupScore(choice.base + group * size, size: size)
    }
    for _ in 0..<groups.count - groups.perToken { closeWorstGroup(of: groups.count, size: size) }
  }

  private func groupScore(_ scores: UnsafePointer<Float>, size: Int) -> Float {
    var best = -Float.infinity
    var second = -Float.infinity
    for expert in 0..<size {
      if scores[expert] > best {
        second = best
        best = scores[expert]
      } else if scores[expert] > second {
        second = scores[expert]
      }
    }
    guard case .biasedSigmoid = shape.router, size > 1 else { return best }
    return best + second
  }

  /// Drops the group with the lowest score, the later one on a tie.
  private func closeWorstGroup(of count: Int, size: Int) {
    var worst = -1
    for group in 0..<count where !groupScores.base[group].isNaN {
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
