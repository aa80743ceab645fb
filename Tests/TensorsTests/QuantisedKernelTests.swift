import CKernels
import Tensors
import Testing

/// Products with packed int8 weights.
@Suite struct `Quantised kernels` {
  private static let all = ["amx", "avx512bf16", "avx512", "avx2", "portable"]

  /// One instruction set's int8 products on small matrices.
  private struct Kernels {
    let table: ck_kernels

    init?(_ name: String) {
      guard let table = ck_kernels_named(name)?.pointee else { return nil }
      self.table = table
    }

    func packed(_ w: [Float], outputs: Int, inputs: Int) -> [UInt8] {
      var bytes = [UInt8](repeating: 0xFF, count: ck_int8_bytes(outputs, inputs))
      table.pack_int8(w, CK_F32, inputs, 1, outputs, inputs, &bytes, 1)
      return bytes
    }

    func product(_ x: [Float], rows: Int, _ w: [Float], outputs: Int, inputs: Int) -> [Float] {
      var y = [Float](repeating: .nan, count: rows * outputs)
      table.int8_product(
        x, inputs, rows, packed(w, outputs: outputs, inputs: inputs), outputs, inputs, &y, outputs)
      return y
    }
  }

  /// Numbers as int8 with a scale for every 128 of a row, and back.
  private func rounded(_ numbers: [Float], width: Int) -> [Float] {
    stride(from: 0, to: numbers.count, by: width).flatMap { row in
      stride(from: row, to: row + width, by: 128).flatMap { start in
        let block = numbers[start..<min(start + 128, row + width)]
        let scale = (block.map(abs).max() ?? 0) / 127
        return block.map { scale == 0 ? 0 : ($0 / scale).rounded(.toNearestOrEven) * scale }
      }
    }
  }

  @Test(arguments: all)
  func `agree with OpenBLAS on rounded numbers of any shape`(isa: String) throws {
    guard let kernels = Kernels(isa) else { return }
    OpenBLAS.useOneThread()
    var numbers = Numbers(seed: 31)
    for _ in 0..<30 {
      let (rows, outputs, inputs) = (numbers.shape(1...40), numbers.shape(1...90), numbers.shape(1...300))
      let x = numbers.floats(rows * inputs)
      let w = numbers.floats(outputs * inputs)
      var expected = [Float](repeating: 0, count: rows * outputs)
      OpenBLAS.product(
        rounded(x, width: inputs), count: rows, weights: rounded(w, width: inputs), outputs: outputs,
        inputs: inputs, into: &expected)
      let found = kernels.product(x, rows: rows, w, outputs: outputs, inputs: inputs)
      let difference = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
      // A number halfway between two integers may fall to either side, by one step of its block.
      #expect(difference < 0.02, "seed 31, \(rows)x\(inputs) by \(outputs)")
    }
  }

  @Test(arguments: all)
  func `give the same bits with every instruction set`(isa: String) throws {
    guard let kernels = Kernels(isa), let portable = Kernels("portable") else { return }
    var numbers = Numbers(seed: 32)
    for _ in 0..<30 {
      let (rows, outputs, inputs) = (numbers.shape(1...40), numbers.shape(1...90), numbers.shape(1...300))
      let x = numbers.floats(rows * inputs)
      let w = numbers.floats(outputs * inputs)
      #expect(
        kernels.packed(w, outputs: outputs, inputs: inputs)
          == portable.packed(w, outputs: outputs, inputs: inputs))
      #expect(
        kernels.product(x, rows: rows, w, outputs: outputs, inputs: inputs)
          == portable.product(x, rows: rows, w, outputs: outputs, inputs: inputs),
        "seed 32, \(rows)x\(inputs) by \(outputs)")
    }
  }

  // Rows beyond 64 and inputs beyond 1024 take several passes, and tile registers more than eight rows.
  @Test(arguments: all, [(70, 40, 1300), (13, 100, 41), (3, 7, 23_000)])
  func `give a row the same bits alone and among others`(isa: String, shape: (Int, Int, Int)) throws {
    guard let kernels = Kernels(isa) else { return }
    let (rows, outputs, inputs) = shape
    var numbers = Numbers(seed: 33)
    let x = numbers.floats(rows * inputs)
    let w = numbers.floats(outputs * inputs)
    let together = kernels.product(x, rows: rows, w, outputs: outputs, inputs: inputs)
    for row in [0, 1, rows / 2, rows - 1] {
      let alone = kernels.product(
        Array(x[row * inputs..<(row + 1) * inputs]), rows: 1, w, outputs: outputs, inputs: inputs)
      #expect(alone == Array(together[row * outputs..<(row + 1) * outputs]), "row \(row)")
    }
  }

  @Test(arguments: all, [false, true])
  func `give the same bits from weights in place, transposed or not`(isa: String, isTransposed: Bool) throws {
    guard let kernels = Kernels(isa) else { return }
    var numbers = Numbers(seed: 34)
    for (rows, outputs, inputs) in [(1, 33, 47), (9, 64, 128), (65, 20, 1100)] {
      let x = numbers.floats(rows * inputs)
      let w = numbers.floats(outputs * inputs)
      let stored =
        isTransposed
        ? (0..<inputs).flatMap { k in (0..<outputs).map { w[$0 * inputs + k] } } : w
      var found = [Float](repeating: .nan, count: rows * outputs)
      kernels.table.quantised_product(
        x, inputs, rows, stored, CK_F32, isTransposed ? 1 : inputs, isTransposed ? outputs : 1, outputs,
        inputs, &found, outputs)
      #expect(found == kernels.product(x, rows: rows, w, outputs: outputs, inputs: inputs))
    }
  }

  @Test(arguments: all)
  func `let nothing but numbers become numbers`(isa: String) throws {
    guard let kernels = Kernels(isa) else { return }
    let ones = [Float](repeating: 1, count: 4)
    for strange in [Float.nan, .infinity, -.infinity] {
      let x = ones + [1, strange, 1, 1]
      let activations = kernels.product(x, rows: 2, ones, outputs: 1, inputs: 4)
      #expect(abs(activations[0] - 4) < 1e-5 && activations[1].isNaN)
      let weights = kernels.product(ones, rows: 1, x, outputs: 2, inputs: 4)
      #expect(abs(weights[0] - 4) < 1e-5 && !weights[1].isFinite)
    }
    #expect(kernels.product([0, 0], rows: 1, [0, 0], outputs: 1, inputs: 2) == [0])
  }
}
