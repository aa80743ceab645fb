import Tensors

@testable import Model

/// The attention of one layer of a toy model, alone, over one sequence.
struct SingleAttention {
  let configuration: ModelConfiguration
  let rotary: RotaryEmbedding
  let folder: WeightFolder
  private let attention: Attention
  private let layer: Int

  init(_ toy: Toy, layer: Int) throws {
    self.layer = layer
    configuration = try ModelConfiguration(folder: toy.folder)
    folder = try WeightFolder(path: toy.folder)
    rotary = RotaryEmbedding(configuration.rotary, size: configuration.attention.rotarySize)
    attention = try Attention(folder, configuration: configuration, rotary: rotary)
  }

  /// The layer's output for a sequence of normalised hidden states, at most ``Attention/rowBlock`` of them.
  func run(_ hidden: [Float], blockSize: Int, blockTable: [Int32]) throws -> [Float] {
    let width = configuration.hiddenSize
    let count = hidden.count / width
    let blocks = Int(blockTable.max() ?? 0) + 1
    let cache = try KeyValueCache(configuration, blockCount: blocks, blockSize: blockSize)
    var batch = ForwardBatch()
    batch.append(
      Array(repeating: Int32(7), count: count), contextLength: 0, blockTable: blockTable, wantsLogits: false)
    let cosines = try FloatBuffer(count: count * rotary.pairCount)
    let sines = try FloatBuffer(count: count * rotary.pairCount)
    rotary.fillAngles(batch.positions, cosines: cosines, sines: sines)
    var hidden = hidden
    var output = [Float](repeating: .nan, count: hidden.count)
    [Int](repeating: 0, count: count).withUnsafeBufferPointer { sequence in
      guard let sequence = sequence.baseAddress else { return }
      let step = StepTables(
        batch, sequence: sequence, blockSize: blockSize, pairCount: rotary.pairCount, cosines: cosines.base,
        sines: sines.base)
      attention.run(
        layer: layer, rows: 0..<count, hidden: Rows(&hidden, stride: width), step: step, cache: cache,
        output: Rows(&output, stride: width))
    }
    return output
  }
}
