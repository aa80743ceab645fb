import CKernels
import Testing

/// Attention over bf16 pages, by each instruction set.
@Suite struct `Page attention` {
  /// Pages of one sequence whose blocks lie in reverse order, with NaN wherever nothing was written.
  final class Sequence {
    let kernels: ck_kernels
    let shape: ck_page_shape
    let table: [Int32]
    private let pages: UnsafeMutableRawPointer
    private let head: Int
    private var length = 0

    init(_ kernels: ck_kernels, _ shape: ck_page_shape, length: Int, keyValueHeads: Int, head: Int) {
      var shape = shape
      let bytes = ck_page_bytes(shape)
      shape.page_stride = bytes * keyValueHeads
      let blocks = (length + shape.block_size - 1) / shape.block_size
      let size = blocks * ((shape.block_size + 15) / 16) * shape.page_stride
      pages = .allocate(byteCount: size, alignment: 64)
      pages.initializeMemory(as: UInt8.self, repeating: 0xFF, count: size)
      table = (0..<blocks).map { Int32(blocks - 1 - $0) }
      self.kernels = kernels
      self.shape = shape
      self.head = head * bytes
    }

    deinit { pages.deallocate() }

    func append(key: [Float], value: [Float]) {
      let (block, offset) = length.quotientAndRemainder(dividingBy: shape.block_size)
      let page = Int(table[block]) * ((shape.block_size + 15) / 16) + offset / 16
      kernels.page_write(shape, pages + head + page * shape.page_stride, offset % 16, key, value)
      length += 1
    }

    func attend(_ query: [Float], length: Int) -> [Float] {
      var scratch = [Float](repeating: .nan, count: ck_page_scratch(shape))
      var output = [Float](repeating: .nan, count: shape.heads * shape.value_size)
      kernels.page_attention(shape, query, pages + head, table, length, 0.3, &scratch, &output)
      return output
    }
  }

  private func rounded(_ values: [Float]) -> [Float] {
    values.map { value in
      let bits = value.bitPattern
      return Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000)
    }
  }

  @Test(arguments: ["amx", "avx512bf16", "avx512", "avx2", "portable"], [false, true])
  func `is softmax over the cached tokens in table order, of any sizes`(
    isa: String, keysAreValues: Bool
  ) throws {
    // A machine without the instruction set has nothing to test; portable is everywhere.
    guard let kernels = ck_kernels_named(isa)?.pointee else { return }
    var numbers = Numbers(seed: 33)
    for round in 0..<20 {
      let keySize = numbers.shape(1...50)
      let valueSize = numbers.shape(1...(keysAreValues ? keySize : 40))
      let (heads, length) = (numbers.shape(1...20), numbers.shape(1...300))
      let blockSize = round % 2 == 0 ? 16 : numbers.shape(1...40)
      let shape = ck_page_shape(
        heads: heads, key_size: keySize, value_size: valueSize, keys_are_values: keysAreValues ? 1 : 0,
        block_size: blockSize, page_stride: 0)
      let keys = (0..<length).map { _ in numbers.floats(keySize) }
      let values =
        keysAreValues
        ? keys.map { Array($0.prefix(valueSize)) } : keys.map { _ in numbers.floats(valueSize) }
      let query = numbers.floats(heads * keySize)
      let sequence = Sequence(kernels, shape, length: length, keyValueHeads: 3, head: round % 3)
      for (key, value) in zip(keys, values) { sequence.append(key: key, value: value) }
      let found = sequence.attend(query, length: length)
      let expected = attention(
        query: rounded(query), keys: keys.map(rounded), values: values.map(rounded), heads: heads, scale: 0.3)
      let difference = zip(found, expected).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
      // Weights are rounded to bf16 too: half a unit of its eight bits, of values below one.
      #expect(difference < 3e-3, "seed 33, round \(round)")
      let allFinite = found.allSatisfy { $0.isFinite }
      #expect(allFinite)
    }
  }

  @Test(arguments: ["amx", "avx512bf16", "avx512", "avx2", "portable"])
  func `later tokens do not change a bit of an earlier one's result`(isa: String) throws {
    guard let kernels = ck_kernels_named(isa)?.pointee else { return }
    var numbers = Numbers(seed: 34)
    let shape = ck_page_shape(
      heads: 5, key_size: 40, value_size: 24, keys_are_values: 1, block_size: 20, page_stride: 0)
    let sequence = Sequence(kernels, shape, length: 200, keyValueHeads: 1, head: 0)
    let query = numbers.floats(5 * 40)
    let results = (1...200).map { length in
      sequence.append(key: numbers.floats(40), value: [])
      return sequence.attend(query, length: length)
    }
    for (index, result) in results.enumerated() {
      let again = sequence.attend(query, length: index + 1)
      #expect(result.map(\.bitPattern) == again.map(\.bitPattern), "\(index + 1) tokens")
    }
  }
}
