import Tensors
import Testing

@testable import Model

@Suite struct `Expert router` {
  private struct Choice: Equatable {
    var ids: [Int32]
    var weights: [Float]
  }

  private func shape(
    experts: Int, groups: Int, chosenGroups: Int, perToken: Int, normalizes: Bool = true
  ) -> ExpertShape {
    ExpertShape(
      count: experts, perToken: perToken, groupCount: groups, groupsPerToken: chosenGroups,
      intermediateSize: 1, sharedCount: 0, normalizesWeights: normalizes, weightScale: 2.5)
  }

  private func route(_ shape: ExpertShape, scores: [Float], bias: [Float]) throws -> Choice {
    let router = try ExpertRouter(shape)
    var ids = [Int32](repeating: -1, count: shape.perToken)
    var weights = [Float](repeating: .nan, count: shape.perToken)
    router.route(scores: scores, bias: bias, ids: &ids, weights: &weights)
    return Choice(ids: ids, weights: weights)
  }

  /// The definition, written with sorts.
  private func reference(_ shape: ExpertShape, scores: [Float], bias: [Float]) -> Choice {
    let choice = zip(scores, bias).map(+)
    let size = shape.count / shape.groupCount
    let groups = (0..<shape.groupCount).map { group in
      choice[group * size..<(group + 1) * size].sorted(by: >).prefix(2).reduce(0, +)
    }
    let open = Set(groups.indices.sorted { groups[$0] > groups[$1] }.prefix(shape.groupsPerToken))
    let best = choice.indices.filter { open.contains($0 / size) }.sorted { choice[$0] > choice[$1] }
    let ids = best.prefix(shape.perToken).sorted()
    let sum = shape.normalizesWeights ? ids.reduce(Float(0)) { $0 + scores[$1] } : 1
    return Choice(ids: ids.map(Int32.init), weights: ids.map { scores[$0] / sum * shape.weightScale })
  }

  @Test(arguments: UInt64(1)...UInt64(200))
  func `chooses what the definition chooses`(seed: UInt64) throws {
    var random = Seeded(seed)
    let groups = [1, 2, 4, 8].randomElement(using: &random) ?? 1
    let size = Int.random(in: 1...8, using: &random)
    let chosenGroups = Int.random(in: 1...groups, using: &random)
    let shape = shape(
      experts: groups * size, groups: groups, chosenGroups: chosenGroups,
      perToken: Int.random(in: 1...chosenGroups * size, using: &random),
      normalizes: Bool.random(using: &random))
    let scores = random.floats(shape.count, in: 0.01...0.99)
    let bias = random.floats(shape.count, in: -1...1)
    let found = try route(shape, scores: scores, bias: bias)
    let expected = reference(shape, scores: scores, bias: bias)
    #expect(found.ids == expected.ids, "seed \(seed)")
    #expect(largestDifference(found.weights, expected.weights) < 1e-6, "seed \(seed)")
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
