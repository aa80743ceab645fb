import Glibc
import Randomness
import Tensors
import Testing

@testable import Model

@Suite struct `Expert router` {
  private struct Choice: Equatable {
    var ids: [Int32]
    var weights: [Float]
  }

  private func shape(
    experts: Int, groups: Int, chosenGroups: Int, perToken: Int, normalizes: Bool = true,
    softmax: Bool = false
  ) -> ExpertShape {
    let groups = ExpertGroups(count: groups, perToken: chosenGroups)
    return ExpertShape(
      count: experts, perToken: perToken, router: softmax ? .groupedSoftmax(groups) : .biasedSigmoid(groups),
      intermediateSize: 1, sharedCount: 0, normalizesWeights: normalizes, weightScale: 2.5)
  }

  private func route(_ shape: ExpertShape, scores: [Float], bias: [Float]) throws -> Choice {
    let router = try ExpertRouter(shape)
    var ids = [Int32](repeating: -1, count: shape.perToken)
    var weights = [Float](repeating: .nan, count: shape.perToken)
    router.route(scores: scores, bias: bias, ids: &ids, weights: &weights)
    return Choice(ids: ids, weights: weights)
  }

  /// The definition, written with sorts: a group counts for the sum of its `best` best.
  private func reference(
    _ shape: ExpertShape, _ groups: ExpertGroups, best: Int, scores: [Float], bias: [Float]
  ) -> Choice {
    let choice = zip(scores, bias).map(+)
    let size = shape.count / groups.count
    let sums = (0..<groups.count).map { group in
      choice[group * size..<(group + 1) * size].sorted(by: >).prefix(best).reduce(0, +)
    }
    let open = Set(sums.indices.sorted { sums[$0] > sums[$1] }.prefix(groups.perToken))
    let order = choice.indices.filter { open.contains($0 / size) }.sorted { choice[$0] > choice[$1] }
    let ids = order.prefix(shape.perToken).sorted()
    let sum = shape.normalizesWeights ? ids.reduce(Float(0)) { $0 + scores[$1] } : 1
    return Choice(ids: ids.map(Int32.init), weights: ids.map { scores[$0] / sum * shape.weightScale })
  }

  @Test(arguments: UInt64(1)...UInt64(200), [false, true])
  func `chooses what the definition chooses`(seed: UInt64, softmax: Bool) throws {
    var random = SplitMix(seed: seed)
    let groups = [1, 2, 4, 8].randomElement(using: &random) ?? 1
    let size = Int.random(in: 1...8, using: &random)
    let chosenGroups = Int.random(in: 1...groups, using: &random)
    let shape = shape(
      experts: groups * size, groups: groups, chosenGroups: chosenGroups,
      perToken: Int.random(in: 1...chosenGroups * size, using: &random),
      normalizes: Bool.random(using: &random), softmax: softmax)
    let scores = random.floats(shape.count, in: 0.01...0.99)
    let bias = softmax ? [Float](repeating: 0, count: shape.count) : random.floats(shape.count, in: -1...1)
    let found = try route(shape, scores: scores, bias: bias)
    let expected = reference(
      shape, try #require(shape.router.groups), best: softmax ? 1 : 2, scores: scores, bias: bias)
    #expect(found.ids == expected.ids, "seed \(seed)")
    #expect(largestDifference(found.weights, expected.weights) < 1e-6, "seed \(seed)")
  }

  @Test func `scores of a softmax are the exponentials' shares, whatever the size of the logits`() throws {
    let router = try ExpertRouter(shape(experts: 3, groups: 1, chosenGroups: 1, perToken: 1, softmax: true))
    var logits: [Float] = [0, logf(2), logf(5), 1000, 1000, -1000]
    router.score(&logits, tokens: 2)
    #expect(largestDifference(logits, [0.125, 0.25, 0.625, 0.5, 0.5, 0]) < 1e-6)
  }

  @Test func `weighs by the score without the bias`() throws {
    let shape = shape(experts: 4, groups: 1, chosenGroups: 1, perToken: 2)
    let found = try route(shape, scores: [0.1, 0.9, 0.8, 0.3], bias: [5, 0, 0, 5])
    #expect(found.ids == [0, 3])
    #expect(largestDifference(found.weights, [0.1 / 0.4 * 2.5, 0.3 / 0.4 * 2.5]) < 1e-6)
  }

  @Test func `takes no expert of a losing group even when biased scores are negative`() throws {
    let shape = shape(experts: 4, groups: 2, chosenGroups: 1, perToken: 2)
    let found = try route(shape, scores: [0.5, 0.5, 0.9, 0.01], bias: [-0.6, -3, 0.1, -9])
    // Groups score -2.6 and -7.99: the best single expert sits in the losing group.
    #expect(found.ids == [0, 1])
  }

  @Test func `names distinct experts whatever the scores`() throws {
    let shape = shape(experts: 8, groups: 4, chosenGroups: 2, perToken: 4)
    for value in [Float.nan, 0, .infinity, -.infinity] {
      let found = try route(
        shape, scores: Array(repeating: value, count: 8), bias: Array(repeating: 0, count: 8))
      #expect(Set(found.ids).count == 4 && found.ids.allSatisfy { (0..<8).contains($0) }, "\(value)")
    }
  }
}
