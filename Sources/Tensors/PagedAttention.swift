import CKernels

/// Softmax attention of one token's heads over paged rows that all heads share.
///
/// This is the core of multi-head latent attention in its absorbed form: a cached row is key (all its
/// elements) and value (its first `latent` elements) of every head at once.
public struct PagedAttention {
  /// Query heads.
  public let heads: Int
  /// Elements of a cached row and of a head's query.
  public let width: Int
  /// Leading elements of a cached row that are the value.
  public let latent: Int
  /// Tokens of a cache block.
  public let blockSize: Int
  private let scratch: FloatBuffer

  /// Attention of that shape, with scratch memory for one token.
  public init(heads: Int, width: Int, latent: Int, blockSize: Int) throws(TensorsError) {
    self.heads = heads
    self.width = width
    self.latent = latent
    self.blockSize = blockSize
    scratch = try FloatBuffer(count: ck_attention_scratch(heads, blockSize))
  }

  /// Attends over the first `length` cached tokens.
  ///
  /// - Parameters:
  ///   - query: `[heads, width]`.
  ///   - cache: The layer's rows, `[blocks, blockSize, width]`.
  ///   - blocks: The block of every `blockSize` tokens, in order.
  ///   - length: Cached tokens to look at, at least 1.
  ///   - scale: Factor of the scores before the softmax.
  ///   - output: `[heads, latent]`.
  public func attend(
    query: UnsafePointer<Float>, cache: UnsafePointer<Float>, blocks: UnsafePointer<Int32>, length: Int,
    scale: Float, into output: UnsafeMutablePointer<Float>
  ) {
    ck_attention(
      query, heads, width, latent, cache, blockSize, blocks, length, scale, scratch.base, output)
  }
}
