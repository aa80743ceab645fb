import Tensors

/// What every layer of one forward pass needs to know about its rows.
struct StepTables {
  let batch: ForwardBatch
  /// Index into `batch.sequences` of each row.
  let sequence: UnsafePointer<Int>
  /// The batch's adapters; nil when there are none.
  let adapters: StepAdapters?
  private let blockSize: Int
  private let pairCount: Int
  private let cosineTable: UnsafePointer<Float>
  private let sineTable: UnsafePointer<Float>

  init(
    _ batch: ForwardBatch, sequence: UnsafePointer<Int>, blockSize: Int, pairCount: Int,
    cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>, adapters: StepAdapters? = nil
  ) {
    self.adapters = adapters
    self.batch = batch
    self.sequence = sequence
    self.blockSize = blockSize
    self.pairCount = pairCount
    cosineTable = cosines
    sineTable = sines
  }

  func cosines(_ row: Int) -> UnsafePointer<Float> { cosineTable + row * pairCount }

  func sines(_ row: Int) -> UnsafePointer<Float> { sineTable + row * pairCount }

  /// The row's place in a layer's cache, in tokens.
  func slot(_ row: Int) -> Int {
    let position = Int(batch.positions[row])
    let block = batch.sequences[sequence[row]].blockTable[position / blockSize]
    return Int(block) * blockSize + position % blockSize
  }
}
