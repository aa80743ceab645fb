import Tensors

/// One layer's part of a ``KeyValueCache``.
struct LayerCache {
  fileprivate let memory: UnsafeMutableRawPointer
  fileprivate let blockSize: Int
  fileprivate let attention: CachedAttention

  init(memory: UnsafeMutableRawPointer, blockSize: Int, attention: CachedAttention) {
    self.memory = memory
    self.blockSize = blockSize
    self.attention = attention
  }

  /// Caches one token's key and value of a key-value head; tokens of a block come in order.
  ///
  /// - Parameters:
  ///   - slot: The token's place in the layer, in tokens.
  ///   - value: Not read where values are part of keys (latent attention).
  func store(key: UnsafePointer<Float>, value: UnsafePointer<Float>, slot: Int, head: Int = 0) {
    switch attention {
    case .rows(let rows, let keysAreValues):
      let width = rows.rowStride
      let row = memory.assumingMemoryBound(to: Float.self) + slot * width + head * 2 * rows.keySize
      row.update(from: key, count: rows.keySize)
      if !keysAreValues { (row + rows.valueOffset).update(from: value, count: rows.valueSize) }
    case .pages(let pages):
      pages.store(
        key: key, value: value, into: memory, block: slot / blockSize, offset: slot % blockSize, head: head)
    }
  }

  /// Attends with the query heads of a key-value head over the first `length` tokens of `blocks`.
  func attend(
    query: UnsafePointer<Float>, head: Int = 0, blocks: UnsafePointer<Int32>, length: Int, scale: Float,
    into output: UnsafeMutablePointer<Float>
  ) {
    switch attention {
    case .rows(let rows, _):
      let cache = memory.assumingMemoryBound(to: Float.self) + head * 2 * rows.keySize
      rows.attend(query: query, cache: cache, blocks: blocks, length: length, scale: scale, into: output)
    case .pages(let pages):
      pages.attend(
        query: query, cache: memory, head: head, blocks: blocks, length: length, scale: scale, into: output)
    }
  }
}

/// What one walk over a layer's cache computes, in its format: all heads of latent attention, or the query heads of
/// one key-value head.
enum CachedAttention {
  case rows(RowAttention, keysAreValues: Bool)
  case pages(PageAttention)

  init(_ shape: AttentionShape, blockSize: Int, format: CacheFormat) throws(TensorsError) {
    switch (format, shape) {
    case (.bfloat16, _):
      self = .pages(try PageAttention(PageAttention.Shape(shape), blockSize: blockSize))
    case (.float32, .latent(let latent)):
      let rows = try RowAttention(
        heads: latent.headCount, keySize: latent.cachedWidth, valueSize: latent.latentSize, valueOffset: 0,
        rowStride: latent.cachedWidth, blockSize: blockSize)
      self = .rows(rows, keysAreValues: true)
    case (.float32, .grouped(let grouped)):
      let rows = try RowAttention(
        heads: grouped.groupSize, keySize: grouped.headSize, valueSize: grouped.headSize,
        valueOffset: grouped.headSize, rowStride: grouped.cachedWidth, blockSize: blockSize)
      self = .rows(rows, keysAreValues: false)
    }
  }

  static func bytesPerBlock(_ shape: AttentionShape, blockSize: Int, format: CacheFormat) -> Int {
    switch format {
    case .float32: blockSize * shape.cachedWidth * MemoryLayout<Float>.stride
    case .bfloat16: PageAttention.bytesPerBlock(PageAttention.Shape(shape), blockSize: blockSize)
    }
  }
}

extension PageAttention.Shape {
  fileprivate init(_ shape: AttentionShape) {
    switch shape {
    case .latent(let latent):
      self.init(
        heads: latent.headCount, keySize: latent.cachedWidth, valueSize: latent.latentSize,
        keysAreValues: true, keyValueHeads: 1)
    case .grouped(let grouped):
      self.init(
        heads: grouped.groupSize, keySize: grouped.headSize, valueSize: grouped.headSize,
        keysAreValues: false, keyValueHeads: grouped.keyValueHeadCount)
    }
  }
}
