import Tensors
import Testing

@Suite struct `Row attention` {
  /// Where keys and values lie in a row of 48 elements: over each other, or beside each other in the middle.
  enum Layout: CaseIterable {
    case shared, adjacent

    var key: Range<Int> { self == .shared ? 0..<24 : 12..<24 }
    var value: Range<Int> { self == .shared ? 0..<18 : 24..<36 }
  }

  @Test(arguments: [1, 5, 16, 17, 48], [1, 4, 16, 20])
  func `is softmax over the cached rows in table order`(length: Int, blockSize: Int) throws {
    for layout in Layout.allCases { try check(layout, length: length, blockSize: blockSize) }
  }

  private func check(_ layout: Layout, length: Int, blockSize: Int) throws {
    var numbers = Numbers(seed: UInt64(length * 100 + blockSize))
    let (heads, stride) = (3, 48)
    let (keySize, valueSize) = (layout.key.count, layout.value.count)
    let query = numbers.floats(heads * keySize).map { $0 * 3 }
    let rows = (0..<length).map { _ in numbers.floats(stride) }
    let blocks = (length + blockSize - 1) / blockSize
    // Blocks in reverse order, rows past the end full of garbage that must not matter.
    let table = (0..<blocks).map { Int32(blocks - 1 - $0) }
    var cache = [Float](repeating: 1e30, count: blocks * blockSize * stride)
    for (index, row) in rows.enumerated() {
      let place = (Int(table[index / blockSize]) * blockSize + index % blockSize) * stride
      cache.replaceSubrange(place..<place + stride, with: row)
    }
    let rowAttention = try RowAttention(
      heads: heads, keySize: keySize, valueSize: valueSize,
      valueOffset: layout.value.lowerBound - layout.key.lowerBound, rowStride: stride, blockSize: blockSize)
    var found = [Float](repeating: .nan, count: heads * valueSize)
    cache.withUnsafeBufferPointer { cache in
      guard let base = cache.baseAddress else { return }
      rowAttention.attend(
        query: query, cache: base + layout.key.lowerBound, blocks: table, length: length, scale: 0.7,
        into: &found)
    }
    let expected = attention(
      query: query, keys: rows.map { Array($0[layout.key]) }, values: rows.map { Array($0[layout.value]) },
      heads: heads, scale: 0.7)
    let difference = zip(found, expected).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
    #expect(difference < 2e-6, "\(layout)")
    let allFinite = found.allSatisfy { $0.isFinite }
    #expect(allFinite)
  }
}
