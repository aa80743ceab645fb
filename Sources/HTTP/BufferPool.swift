import Platform

/// Blocks of memory for what connections read, used again.
///
/// Freed ones would be cut up by the small objects of the next connection, so that ten thousand idle connections would
/// cost ten thousand blocks that none of them holds.
@Loop
enum BufferPool {
  /// Bytes of the blocks that are kept; larger ones are freed.
  private static let blockSize = 8192
  private static let mostSpare = 256
  private static var spare: [UnsafeMutableRawBufferPointer] = []

  static func take(atLeast count: Int) -> UnsafeMutableRawBufferPointer {
    if count <= blockSize, let block = spare.popLast() { return block }
    return .allocate(byteCount: max(blockSize, count), alignment: 1)
  }

  static func put(_ block: UnsafeMutableRawBufferPointer) {
    guard block.count == blockSize, spare.count < mostSpare else { return block.deallocate() }
    spare.append(block)
  }
}
