import Randomness

@testable import ExpertParallel

/// A known expert that treats rows independently and whose results do not sum exactly, so that order shows.
func toyExpert(
  layer: Int, expert: Int, count: Int, hidden: Int, input: UnsafePointer<Float>,
  output: UnsafeMutablePointer<Float>
) {
  for row in 0..<count {
    for column in 0..<hidden {
      let neighbour = input[row * hidden + (column + 1) % hidden]
      output[row * hidden + column] =
        input[row * hidden + column] * (1.1 + Float(expert)) + neighbour / Float(layer + 3)
    }
  }
}

/// The tokens of one rank at one layer.
struct TokenSet: Sendable {
  var count: Int
  var rows: [Float]
  var ids: [Int32]
  var weights: [Float]

  /// Random tokens with distinct random experts, in random order.
  init(count: Int, _ shape: ExchangeShape, _ random: inout SplitMix) {
    self.count = count
    rows = (0..<(count * shape.hidden)).map { _ in Float.random(in: -1...1, using: &random) }
    ids = (0..<count).flatMap { _ in
      Array((0..<Int32(shape.experts)).shuffled(using: &random).prefix(shape.topK))
    }
    weights = (0..<(count * shape.topK)).map { _ in Float.random(in: 0...1, using: &random) }
  }

  /// The tokens of `sets`, one after the other.
  init(joining sets: [TokenSet]) {
    count = sets.reduce(0) { $0 + $1.count }
    rows = sets.flatMap(\.rows)
    ids = sets.flatMap(\.ids)
    weights = sets.flatMap(\.weights)
  }

  /// What must come out, computed token by token without any exchange.
  func expected(layer: Int, _ shape: ExchangeShape) -> [Float] {
    var output = [Float](repeating: 0, count: rows.count)
    var result = [Float](repeating: 0, count: shape.hidden)
    for token in 0..<count {
      let slots = (token * shape.topK..<(token + 1) * shape.topK).sorted { ids[$0] < ids[$1] }
      for slot in slots {
        let input = Array(rows[(token * shape.hidden)..<((token + 1) * shape.hidden)])
        toyExpert(
          layer: layer, expert: Int(ids[slot]), count: 1, hidden: shape.hidden, input: input, output: &result)
        for column in 0..<shape.hidden {
          output[token * shape.hidden + column] += result[column] * weights[slot]
        }
      }
    }
    return output
  }
}

extension ExpertGroup {
  /// One layer's exchange with the toy experts.
  func exchange(layer: Int, _ tokens: TokenSet) throws(ExpertParallelError) -> [Float] {
    let hidden = control.shape.hidden
    let compute: ExpertComputation = { expert, count, input, output in
      toyExpert(layer: layer, expert: expert, count: count, hidden: hidden, input: input, output: output)
    }
    guard tokens.count > 0 else {
      try takePart(layer: layer, compute: compute)
      return []
    }
    var output = [Float](repeating: .nan, count: tokens.rows.count)
    // Arrays convert to pointers that are valid during the call.
    try exchange(layer: layer, tokens, tokens.rows, tokens.ids, tokens.weights, &output, compute)
    return output
  }

  private func exchange(
    layer: Int, _ tokens: TokenSet, _ rows: UnsafePointer<Float>, _ ids: UnsafePointer<Int32>,
    _ weights: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ compute: ExpertComputation
  ) throws(ExpertParallelError) {
    try exchange(
      layer: layer, RoutedTokens(count: tokens.count, rows: rows, ids: ids, weights: weights), output: output,
      compute: compute)
  }

  /// A whole step with these tokens, one set a layer; the outputs by layer.
  func runStep(_ layers: [TokenSet]) throws(ExpertParallelError) -> [[Float]] {
    let count = layers.first?.count ?? 0
    _ = try agree(StepIntent(tokens: count, unfinished: count > 0))
    var outputs: [[Float]] = []
    for (layer, tokens) in layers.enumerated() { outputs.append(try exchange(layer: layer, tokens)) }
    return outputs
  }
}
