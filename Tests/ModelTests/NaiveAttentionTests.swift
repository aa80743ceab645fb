import Randomness
import Tensors
import Testing

@testable import Model

@Suite struct `Attention over paged rows` {
  @Test(arguments: Toy.allCases, [1, 3, 16])
  func `equals the form that spells out every head's keys and values`(toy: Toy, blockSize: Int) throws {
    var random = SplitMix(seed: UInt64(blockSize))
    let single = try SingleAttention(toy, layer: 1)
    let hidden = random.floats(50 * single.configuration.hiddenSize, in: -2...2)
    let naive = NaiveAttention(
      configuration: single.configuration, rotary: single.rotary,
      file: try SafetensorsFile(path: toy.folder + "/model.safetensors"),
      prefix: "model.layers.1.self_attn")
    let table = Array((0..<Int32((50 + blockSize - 1) / blockSize)).reversed())
    let found = try single.run(hidden, blockSize: blockSize, blockTable: table)
    #expect(largestDifference(found, try naive.run(hidden)) < 5e-5)
  }
}
