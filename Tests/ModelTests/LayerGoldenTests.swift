import Tensors
import Testing

@testable import Model

/// Each block alone against what the reference's modules put out for the 8-token prompt.
///
/// The reference expands keys and values per head, so it is also the oracle of the absorbed form.
@Suite struct `Blocks agree with transformers` {
  let toy: ToyModel
  let folder: WeightFolder
  let configuration: ModelConfiguration

  init() throws {
    toy = try ToyModel()
    folder = try WeightFolder(path: ToyModel.folder)
    configuration = try ModelConfiguration(folder: ToyModel.folder)
  }

  @Test(arguments: 0..<3)
  func `latent attention`(layer: Int) throws {
    let weights = try LatentAttentionWeights(
      folder, prefix: "model.layers.\(layer).self_attn", model: configuration)
    let rotary = RotaryEmbedding(configuration.rotary, size: configuration.attention.rotarySize)
    let attention = try LatentAttention(configuration, rotary: rotary)
    let cache = try LatentCache(configuration, blockCount: 4, blockSize: 4)
    var batch = ForwardBatch()
    batch.append(
      Array(repeating: Int32(7), count: 8), contextLength: 0, blockTable: [2, 0], wantsLogits: false)
    let angles = try (FloatBuffer(count: 8 * 4), FloatBuffer(count: 8 * 4))
    rotary.fillAngles(batch.positions, cosines: angles.0, sines: angles.1)
    let sequence = [Int](repeating: 0, count: 8)
    var hidden = try toy.values("p8.layers.\(layer).input_layernorm")
    var output = [Float](repeating: .nan, count: 8 * 32)
    sequence.withUnsafeBufferPointer { sequence in
      guard let sequences = sequence.baseAddress else { return }
      let step = StepTables(
        batch, sequence: sequences, blockSize: 4, pairCount: 4, cosines: angles.0.base,
        sines: angles.1.base)
      attention.run(
        weights, rows: 0..<8, hidden: Rows(&hidden, stride: 32), step: step, attention: cache.attention,
        cache: cache.layer(layer), output: Rows(&output, stride: 32))
    }
    let expected = try toy.values("p8.layers.\(layer).o_proj")
    #expect(largestDifference(output, expected) < 1e-5)
  }

  @Test(arguments: 1..<3)
  func `router, experts and shared expert`(layer: Int) throws {
    let shape = configuration.experts
    let bias = try folder.vector("model.layers.\(layer).mlp.gate.e_score_correction_bias", count: 8)
    let router = try ExpertRouter(shape)
    var scores = try toy.values("p8.layers.\(layer).router_logits")
    applySigmoid(&scores, count: scores.count)
    var ids = [Int32](repeating: -1, count: 8 * shape.perToken)
    var weights = [Float](repeating: .nan, count: 8 * shape.perToken)
    for token in 0..<8 {
      var row = [Int32](repeating: -1, count: shape.perToken)
      var rowWeights = [Float](repeating: .nan, count: shape.perToken)
      router.route(
        scores: Array(scores[token * 8..<(token + 1) * 8]), bias: bias.base, ids: &row, weights: &rowWeights)
      ids.replaceSubrange(token * shape.perToken..<(token + 1) * shape.perToken, with: row)
      weights.replaceSubrange(token * shape.perToken..<(token + 1) * shape.perToken, with: rowWeights)
    }
    #expect(ids == (try goldenIds(layer)))
    #expect(largestDifference(weights, try toy.values("p8.layers.\(layer).router_weights")) < 1e-6)

    let hidden = try toy.values("p8.layers.\(layer).post_attention_layernorm")
    let bank = try ExpertBank(folder, configuration: configuration)
    var output = [Float](repeating: .nan, count: 8 * 32)
    try LocalExperts(bank).run(
      moeLayer: layer - 1, hidden: hidden,
      routing: ExpertRouting(tokenCount: 8, expertsPerToken: shape.perToken, ids: ids, weights: weights),
      output: &output)
    #expect(largestDifference(output, try toy.values("p8.layers.\(layer).experts")) < 1e-5)

    let shared = try FeedForwardWeights(
      folder, prefix: "model.layers.\(layer).mlp.shared_experts", hiddenSize: 32, width: 24)
    try FeedForward(hiddenSize: 32, maxWidth: 24).run(shared, rows: 8, input: hidden, output: &output)
    #expect(largestDifference(output, try toy.values("p8.layers.\(layer).shared_experts")) < 1e-5)
  }

  private func goldenIds(_ layer: Int) throws -> [Int32] {
    let tensor = try #require(toy.golden.tensor("p8.layers.\(layer).router_ids"))
    return (0..<tensor.bytes.count / 4).map {
      tensor.bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self)
    }
  }
}
