import Glibc
import Tensors
import Testing

@testable import Model

/// Routed experts spread over ranks as an exchange would: every owner gathers the rows sent to it, in
/// its own order, and the source adds what comes back.
final class SpreadExperts: ExpertDispatch {
  let bank: ExpertBank
  let ranks: Int
  private(set) var computed = 0

  init(_ bank: ExpertBank, ranks: Int) {
    self.bank = bank
    self.ranks = ranks
  }

  func run(
    moeLayer: Int, hidden: UnsafePointer<Float>, routing: ExpertRouting, output: UnsafeMutablePointer<Float>
  ) {
    let width = bank.hiddenSize
    let k = routing.expertsPerToken
    var rows = [Float](repeating: .nan, count: routing.tokenCount * k * width)
    for rank in (0..<ranks).reversed() {
      for expert in 0..<bank.shape.count where expert % ranks == rank {
        // Later tokens first, and other rows beside them: neither may matter.
        let pairs = (0..<routing.tokenCount * k).filter { routing.ids[$0] == Int32(expert) }.reversed()
        let noise = [Float](repeating: Float(rank) + 0.5, count: rank * width)
        var input = noise + pairs.flatMap { pair in (0..<width).map { hidden[pair / k * width + $0] } }
        var results = [Float](repeating: .nan, count: input.count)
        bank.compute(
          moeLayer: moeLayer, expert: expert, rows: input.count / width, input: &input, output: &results)
        for (index, pair) in pairs.enumerated() {
          for column in 0..<width {
            rows[pair * width + column] = results[(rank + index) * width + column] * routing.weights[pair]
          }
          computed += 1
        }
      }
    }
    output.update(repeating: 0, count: routing.tokenCount * width)
    for token in 0..<routing.tokenCount {
      for slot in 0..<k {
        for column in 0..<width {
          output[token * width + column] += rows[(token * k + slot) * width + column]
        }
      }
    }
  }
}

@Suite struct `Expert ownership` {
  private func logits(
    _ model: LanguageModel, _ experts: some ExpertDispatch, tokens: [Int32]
  ) throws -> [Float] {
    let cache = try KeyValueCache(model.configuration, blockCount: 16, blockSize: 16)
    var batch = ForwardBatch()
    batch.append(tokens, contextLength: 0, blockTable: (0..<16).map { $0 }, wantsLogits: false)
    batch.logitRows = Array(0..<tokens.count)
    var logits = [Float](repeating: .nan, count: tokens.count * model.configuration.vocabularySize)
    try logits.withUnsafeMutableBufferPointer {
      try model.forward(batch, cache: cache, experts: experts, logits: $0)
    }
    return logits
  }

  private func open(_ toy: Toy = .deepseekV3) throws -> LanguageModel {
    try LanguageModel(folder: toy.folder, maxBatchTokens: 256)
  }

  @Test(arguments: Toy.allCases, [1, 2, 3, 4, 8])
  func `does not change a bit of the logits`(toy: Toy, ranks: Int) throws {
    let model = try open(toy)
    let prompt = try #require(try ToyModel(toy).prompts.dropFirst().first)
    let spread = SpreadExperts(model.experts, ranks: ranks)
    let expected = try logits(model, LocalExperts(model.experts), tokens: prompt.tokens)
    #expect(sameBits(try logits(model, spread, tokens: prompt.tokens), expected))
    let perToken = model.experts.shape.perToken * model.configuration.moeLayerCount
    #expect(spread.computed == prompt.tokens.count * perToken)
  }

  @Test func `asks for every layer also when there are no tokens`() throws {
    final class Recorder: ExpertDispatch {
      var layers: [Int] = []
      func run(
        moeLayer: Int, hidden: UnsafePointer<Float>, routing: ExpertRouting,
        output: UnsafeMutablePointer<Float>
      ) {
        if routing.tokenCount == 0 { layers.append(moeLayer) }
      }
    }
    let recorder = Recorder()
    _ = try logits(open(), recorder, tokens: [])
    #expect(recorder.layers == [0, 1])
  }

  @Test func `a failing exchange ends the pass with its own error`() throws {
    struct PeerDied: Error, Equatable {}
    struct Broken: ExpertDispatch {
      func run(
        moeLayer: Int, hidden: UnsafePointer<Float>, routing: ExpertRouting,
        output: UnsafeMutablePointer<Float>
      ) throws(PeerDied) { throw PeerDied() }
    }
    #expect(throws: PeerDied()) { try logits(open(), Broken(), tokens: [5]) }
  }
}
