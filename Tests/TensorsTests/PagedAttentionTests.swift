import Glibc
import Tensors
import Testing

@Suite struct `Paged attention` {
  /// The textbook form in Double: softmax over all scores, then the weighted sum of values.
  private func reference(
    query: [Float], rows: [[Float]], heads: Int, width: Int, latent: Int, scale: Float
  ) -> [Float] {
    (0..<heads).flatMap { head -> [Float] in
      let scores = rows.map { row in
        (0..<width).reduce(0.0) { $0 + Double(query[head * width + $1]) * Double(row[$1]) } * Double(scale)
      }
      let largest = scores.max() ?? 0
      let weights = scores.map { exp($0 - largest) }
      let sum = weights.reduce(0, +)
      return (0..<latent).map { column in
        Float(zip(weights, rows).reduce(0.0) { $0 + $1.0 * Double($1.1[column]) } / sum)
      }
    }
  }

  @Test(arguments: [1, 5, 16, 17, 48], [1, 4, 16, 20])
  func `is softmax over the cached rows in table order`(length: Int, blockSize: Int) throws {
    var numbers = Numbers(seed: UInt64(length * 100 + blockSize))
    let (heads, width, latent) = (3, 24, 18)
    let query = numbers.floats(heads * width).map { $0 * 3 }
    let rows = (0..<length).map { _ in numbers.floats(width) }
    let blocks = (length + blockSize - 1) / blockSize
    // Blocks in reverse order, rows past the end full of garbage that must not matter.
    let table = (0..<blocks).map { Int32(blocks - 1 - $0) }
    var cache = [Float](repeating: 1e30, count: blocks * blockSize * width)
    for (index, row) in rows.enumerated() {
      let place = (Int(table[index / blockSize]) * blockSize + index % blockSize) * width
      cache.replaceSubrange(place..<place + width, with: row)
    }
    let attention = try PagedAttention(heads: heads, width: width, latent: latent, blockSize: blockSize)
    var found = [Float](repeating: .nan, count: heads * latent)
    attention.attend(
      query: query, cache: cache, blocks: table, length: length, scale: 0.7, into: &found)
    let expected = reference(
      query: query, rows: rows, heads: heads, width: width, latent: latent, scale: 0.7)
    let difference = zip(found, expected).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
    #expect(difference < 2e-6)
    let allFinite = found.allSatisfy { $0.isFinite }
    #expect(allFinite)
  }
}
