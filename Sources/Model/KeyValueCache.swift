public import Tensors

/// The paged cache of attention: per layer, block and token a key and a value for each key-value head.
///
/// Memory is reserved when the cache is made and costs nothing until a block is written.
public final class KeyValueCache {
  /// Layers.
  public let layerCount: Int
  /// Blocks of each layer.
  public let blockCount: Int
  /// Tokens of a block.
  public let blockSize: Int
  private let memory: FloatBuffer
  private let layerBytes: Int
  private let attention: CachedAttention

  /// A cache of `blockCount` blocks of `blockSize` tokens for a model of that shape.
  public init(
    _ model: ModelConfiguration, blockCount: Int, blockSize: Int, format: CacheFormat = .float32
  ) throws(ModelError) {
    precondition(blockCount > 0 && blockSize > 0, "a cache has at least one block of one token")
    layerCount = model.layerCount
    self.blockCount = blockCount
    self.blockSize = blockSize
    layerBytes =
      blockCount * CachedAttention.bytesPerBlock(model.attention, blockSize: blockSize, format: format)
    do {
      memory = try FloatBuffer(count: layerCount * layerBytes / MemoryLayout<Float>.stride)
      attention = try CachedAttention(model.attention, blockSize: blockSize, format: format)
    } catch { throw .tensors(error) }
  }

  /// Bytes of one block over all layers.
  public static func bytesPerBlock(
    _ model: ModelConfiguration, blockSize: Int, format: CacheFormat = .float32
  ) -> Int {
    model.layerCount * CachedAttention.bytesPerBlock(model.attention, blockSize: blockSize, format: format)
  }

  /// The part of one layer.
  func layer(_ layer: Int) -> LayerCache {
    LayerCache(
      memory: UnsafeMutableRawPointer(memory.base) + layer * layerBytes, blockSize: blockSize,
      attention: attention)
  }
}
