import CKernels

/// Softmax attention of one token's heads over pages of bf16 keys and values that these heads share.
///
/// A page holds sixteen tokens, transposed, so that scores are products with packed weights (`pages.inc.h`); a cache
/// block is as many pages as its tokens need. Half the memory of ``RowAttention``'s rows.
public struct PageAttention {
  /// What one walk over the pages looks at.
  public struct Shape {
    /// Query heads.
    public var heads: Int
    /// Elements of a key and of a head's query.
    public var keySize: Int
    /// Elements of a value.
    public var valueSize: Int
    /// Whether a value is its key's first elements: absorbed multi-head latent attention.
    public var keysAreValues: Bool
    /// Key-value heads whose pages of the same tokens lie side by side.
    public var keyValueHeads: Int

    /// A shape of those sizes.
    public init(heads: Int, keySize: Int, valueSize: Int, keysAreValues: Bool, keyValueHeads: Int) {
      self.heads = heads
      self.keySize = keySize
      self.valueSize = valueSize
      self.keysAreValues = keysAreValues
      self.keyValueHeads = keyValueHeads
    }
  }

  private let kernel: ck_page_shape
  private let pageBytes: Int
  private let pagesOfBlock: Int
  private let scratch: FloatBuffer

  /// Attention of that shape over blocks of `blockSize` tokens, with scratch memory for one token.
  public init(_ shape: Shape, blockSize: Int) throws(TensorsError) {
    kernel = ck_page_shape(shape, blockSize: blockSize)
    pageBytes = ck_page_bytes(kernel)
    pagesOfBlock = Self.pages(blockSize: blockSize)
    scratch = try FloatBuffer(count: ck_page_scratch(kernel))
  }

  /// Bytes of a block of `blockSize` tokens with all key-value heads.
  public static func bytesPerBlock(_ shape: Shape, blockSize: Int) -> Int {
    pages(blockSize: blockSize) * ck_page_shape(shape, blockSize: blockSize).page_stride
  }

  private static func pages(blockSize: Int) -> Int {
    (blockSize + Int(CK_PAGE_TOKENS) - 1) / Int(CK_PAGE_TOKENS)
  }

  /// Puts one token's key and value into the cache, rounded to bf16.
  ///
  /// Tokens of a block must be written in order: the first of a page clears it.
  ///
  /// - Parameters:
  ///   - key: `[keySize]`.
  ///   - value: `[valueSize]`; not read when keys are values.
  ///   - cache: The first block.
  ///   - block: Number of the token's block.
  ///   - offset: The token's place in the block.
  ///   - head: Key-value head.
  public func store(
    key: UnsafePointer<Float>, value: UnsafePointer<Float>, into cache: UnsafeMutableRawPointer, block: Int,
    offset: Int, head: Int
  ) {
    let page = block * pagesOfBlock + offset / Int(CK_PAGE_TOKENS)
    ck_page_write(
      kernel, cache + page * kernel.page_stride + head * pageBytes, offset % Int(CK_PAGE_TOKENS), key, value)
  }

  /// Attends over the first `length` cached tokens.
  ///
  /// - Parameters:
  ///   - query: `[heads, keySize]`.
  ///   - cache: The first block.
  ///   - head: Key-value head that the query heads share.
  ///   - blocks: The block of every `blockSize` tokens, in order.
  ///   - length: Cached tokens to look at, at least 1.
  ///   - scale: Factor of the scores before the softmax.
  ///   - output: `[heads, valueSize]`.
  public func attend(
    query: UnsafePointer<Float>, cache: UnsafeRawPointer, head: Int, blocks: UnsafePointer<Int32>,
    length: Int,
    scale: Float, into output: UnsafeMutablePointer<Float>
  ) {
    ck_page_attention(
      kernel, query, cache + head * pageBytes, blocks, length, scale, scratch.base, output)
  }
}

extension ck_page_shape {
  fileprivate init(_ shape: PageAttention.Shape, blockSize: Int) {
    self.init(
      heads: shape.heads, key_size: shape.keySize, value_size: shape.valueSize,
      keys_are_values: shape.keysAreValues ? 1 : 0, block_size: blockSize, page_stride: 0)
    page_stride = ck_page_bytes(self) * shape.keyValueHeads
  }
}
