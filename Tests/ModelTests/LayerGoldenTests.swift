import Tensors
import Testing

@testable import Model

/// Each block alone against what the reference's modules put out for the 8-token prompt.
///
/// The reference expands keys and values per head, so it is also an oracle of latent attention's
/// absorbed form.
@Suite struct `Blocks agree with transformers` {
  // Instruction sets add in different orders: AVX2 stays below 1e-5, AVX-512 reaches 2e-5.
  private let blockTolerance: Float = 1e-4

  /// A toy model's layer.
  struct Place: CustomTestStringConvertible {
    let toy: Toy
    let layer: Int

    var testDescription: String { "\(toy.rawValue), layer \(layer)" }

    static func all(_ layers: (ModelConfiguration) -> [Int]) -> [Place] {
      Toy.allCases.flatMap { toy in
        let configuration = try? ModelConfiguration(folder: toy.folder)
        return (configuration.map(layers) ?? [-1]).map { Place(toy: toy, layer: $0) }
      }
    }
  }

  @Test(arguments: Place.all { Array(0..<$0.layerCount) })
  func attention(_ place: Place) throws {
    let golden = try ToyModel(place.toy)
    let single = try SingleAttention(place.toy, layer: place.layer)
    let hidden = try golden.values("p8.layers.\(place.layer).input_layernorm")
    let output = try single.run(hidden, blockSize: 4, blockTable: [2, 0])
    let expected = try golden.values("p8.layers.\(place.layer).o_proj")
    #expect(largestDifference(output, expected) < blockTolerance)
  }

  @Test(arguments: Place.all(\.moeLayers))
  func router(_ place: Place) throws {
    let golden = try ToyModel(place.toy)
    let prefix = "p8.layers.\(place.layer)."
    let configuration = try ModelConfiguration(folder: place.toy.folder)
    let folder = try WeightFolder(path: place.toy.folder)
    let shape = configuration.experts
    let router = try ExpertRouter(shape)
    let name = "model.layers.\(place.layer).mlp.gate.e_score_correction_bias"
    let bias =
      folder.contains(name) ? try folder.vector(name, count: 8) : try FloatBuffer(count: shape.count)
    var scores = try golden.values(prefix + "router_logits")
    router.score(&scores, tokens: 8)
    var ids: [Int32] = []
    var weights: [Float] = []
    for token in 0..<8 {
      var row = [Int32](repeating: -1, count: shape.perToken)
      var rowWeights = [Float](repeating: .nan, count: shape.perToken)
      router.route(
        scores: Array(scores[token * 8..<(token + 1) * 8]), bias: bias.base, ids: &row, weights: &rowWeights)
      ids += row
      weights += rowWeights
    }
    #expect(ids == (try golden.ids(prefix + "router_ids")))
    #expect(largestDifference(weights, try golden.values(prefix + "router_weights")) < 2e-6)
  }

  @Test(arguments: Place.all(\.moeLayers))
  func `experts and shared experts`(_ place: Place) throws {
    let golden = try ToyModel(place.toy)
    let prefix = "p8.layers.\(place.layer)."
    let configuration = try ModelConfiguration(folder: place.toy.folder)
    let folder = try WeightFolder(path: place.toy.folder)
    let shape = configuration.experts
    let ids = try golden.ids(prefix + "router_ids")
    let weights = try golden.values(prefix + "router_weights")
    let hidden = try golden.values(prefix + "post_attention_layernorm")
    let bank = try ExpertBank(folder, configuration: configuration)
    var output = [Float](repeating: .nan, count: 8 * 32)
    try LocalExperts(bank).run(
      moeLayer: try #require(configuration.moeLayers.firstIndex(of: place.layer)), hidden: hidden,
      routing: ExpertRouting(tokenCount: 8, expertsPerToken: shape.perToken, ids: ids, weights: weights),
      output: &output)
    #expect(largestDifference(output, try golden.values(prefix + "experts")) < blockTolerance)

    guard shape.sharedCount > 0 else { return }
    let width = shape.sharedCount * shape.intermediateSize
    let shared = try FeedForwardWeights(
      folder, prefix: "model.layers.\(place.layer).mlp.shared_experts", hiddenSize: 32, width: width)
    try FeedForward(hiddenSize: 32, maxWidth: width).run(shared, rows: 8, input: hidden, output: &output)
    #expect(largestDifference(output, try golden.values(prefix + "shared_experts")) < blockTolerance)
  }
}
