import Tensors

/// The paged cache of attention: per layer, block and token one f32 row of
/// ``AttentionShape/cachedWidth`` elements.
///
/// Memory is reserved when the cache is made and costs nothing until a block is written.
public final class KeyValueCache {
  /// Layers.
  public let layerCount: Int
  /// Blocks of each layer.
  public let blockCount: Int
  /// Tokens of a block.
  public let blockSize: Int
  /// Elements of a token's row.
  public let width: Int
  /// Attention over this cache's blocks, with its scratch memory.
  let attention: PagedAttention
  private let rows: FloatBuffer

  /// A cache of `blockCount` blocks of `blockSize` tokens for a model of that shape.
  public init(_ model: ModelConfiguration, blockCount: Int, blockSize: Int) throws(ModelError) {
    precondition(blockCount > 0 && blockSize > 0, "a cache has at least one block of one token")
    layerCount = model.layerCount
    self.blockCount = blockCount
    self.blockSize = blockSize
    width = model.attention.cachedWidth
    let count = layerCount * blockCount * blockSize * width
    do {
      rows = try FloatBuffer(count: count)
      attention = try PagedAttention(model.attention, blockSize: blockSize)
    } catch { throw .tensors(error) }
  }

  /// Bytes of one block over all layers.
  public static func bytesPerBlock(_ model: ModelConfiguration, blockSize: Int) -> Int {
    model.layerCount * blockSize * model.attention.cachedWidth * MemoryLayout<Float>.stride
  }

  /// The rows of a layer, `[blockCount, blockSize, width]`.
  func layer(_ layer: Int) -> UnsafeMutablePointer<Float> {
    rows.base + layer * blockCount * blockSize * width
  }
}

extension PagedAttention {
  /// What one walk over the cached rows computes: all heads of latent attention, or the query heads of
  /// one key-value head.
  fileprivate init(_ shape: AttentionShape, blockSize: Int) throws(TensorsError) {
    switch shape {
    case .latent(let latent):
      try self.init(
        heads: latent.headCount, keySize: latent.cachedWidth, valueSize: latent.latentSize, valueOffset: 0,
        rowStride: latent.cachedWidth, blockSize: blockSize)
    case .grouped(let grouped):
      try self.init(
        heads: grouped.groupSize, keySize: grouped.headSize, valueSize: grouped.headSize,
        valueOffset: grouped.headSize, rowStride: grouped.cachedWidth, blockSize: blockSize)
    }
  }
}
