import CKernels

/// Softmax attention of one token's heads over paged f32 rows that these heads share.
///
/// A cached row's key is its first `keySize` elements. Its value is `valueSize` elements from `valueOffset`
/// on: the same memory again for multi-head latent attention in its absorbed form, or what follows the key
/// for one key-value head of grouped-query attention, whose rows lie in wider rows of all key-value heads.
public struct RowAttention {
  /// Query heads.
  public let heads: Int
  /// Elements of a key and of a head's query.
  public let keySize: Int
  /// Elements of a value.
  public let valueSize: Int
  /// Elements of a cached row before its value.
  public let valueOffset: Int
  /// Elements from one token's row to the next.
  public let rowStride: Int
  /// Tokens of a cache block.
  public let blockSize: Int
  private let scratch: FloatBuffer

  /// Attention of that shape, with scratch memory for one token.
  public init(
    heads: Int, keySize: Int, valueSize: Int, valueOffset: Int, rowStride: Int, blockSize: Int
  ) throws(TensorsError) {
    self.heads = heads
    self.keySize = keySize
    self.valueSize = valueSize
    self.valueOffset = valueOffset
    self.rowStride = rowStride
    self.blockSize = blockSize
    scratch = try FloatBuffer(count: ck_attention_scratch(heads, blockSize))
  }

  private var shape: ck_attention_shape {
    ck_attention_shape(
      heads: heads, key_size: keySize, value_size: valueSize, value_offset: valueOffset,
      row_stride: rowStride, block_size: blockSize)
  }

  /// Attends over the first `length` cached tokens.
  ///
  /// - Parameters:
  ///   - query: `[heads, keySize]`.
  ///   - cache: The first row's key; rows `[blocks, blockSize]`, `rowStride` elements apart.
  ///   - blocks: The block of every `blockSize` tokens, in order.
  ///   - length: Cached tokens to look at, at least 1.
  ///   - scale: Factor of the scores before the softmax.
  ///   - output: `[heads, valueSize]`.
  public func attend(
    query: UnsafePointer<Float>, cache: UnsafePointer<Float>, blocks: UnsafePointer<Int32>, length: Int,
    scale: Float, into output: UnsafeMutablePointer<Float>
  ) {
    ck_attention(shape, query, cache, blocks, length, scale, scratch.base, output)
  }
}
