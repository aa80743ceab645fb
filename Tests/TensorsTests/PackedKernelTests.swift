import CKernels
import Tensors
import Testing

/// Products with packed bf16 weights.
@Suite struct `Packed kernels` {
  /// One instruction set's bf16 products on small matrices.
  struct Kernels {
    let table: ck_kernels

    init?(_ name: String) {
      guard let table = ck_kernels_named(name)?.pointee else { return nil }
      self.table = table
    }

    func packed(_ w: [Float], outputs: Int, inputs: Int) -> [UInt8] {
      var bytes = [UInt8](repeating: 0xFF, count: ck_packed_bytes(outputs, inputs))
      table.pack(w, CK_F32, inputs, 1, outputs, inputs, &bytes, 1)
      return bytes
    }

    func product(_ x: [Float], rows: Int, _ w: [Float], outputs: Int, inputs: Int) -> [Float] {
      var y = [Float](repeating: .nan, count: rows * outputs)
      table.packed_product(
        x, inputs, rows, packed(w, outputs: outputs, inputs: inputs), outputs, inputs, &y, outputs)
      return y
    }
  }

  private func largest(_ a: [Float], _ b: [Float]) -> Float {
    zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  /// The nearest bf16 number, ties to even.
  private func rounded(_ value: Float) -> Float {
    let bits = value.bitPattern
    return Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000)
  }

  @Test(arguments: ["amx", "avx512bf16", "avx512", "avx2", "portable"])
  func `agree with OpenBLAS on rounded numbers of any shape`(isa: String) throws {
    // A machine without the instruction set has nothing to test; portable is everywhere.
    guard let kernels = Kernels(isa) else { return }
    OpenBLAS.useOneThread()
    var numbers = Numbers(seed: 21)
    for _ in 0..<40 {
      let (rows, outputs, inputs) = (numbers.shape(1...20), numbers.shape(1...90), numbers.shape(1...90))
      let x = numbers.floats(rows * inputs)
      let w = numbers.floats(outputs * inputs)
      var expected = [Float](repeating: 0, count: rows * outputs)
      OpenBLAS.product(
        x.map(rounded), count: rows, weights: w.map(rounded), outputs: outputs, inputs: inputs,
        into: &expected)
      let found = kernels.product(x, rows: rows, w, outputs: outputs, inputs: inputs)
      #expect(largest(found, expected) < 4e-5, "seed 21, \(rows)x\(inputs) by \(outputs)")
    }
  }

  @Test(arguments: ["avx512", "avx2"])
  func `give the same bits with every instruction set`(isa: String) throws {
    guard let kernels = Kernels(isa), let portable = Kernels("portable") else { return }
    var numbers = Numbers(seed: 22)
    for _ in 0..<40 {
      let (rows, outputs, inputs) = (numbers.shape(1...20), numbers.shape(1...90), numbers.shape(1...90))
      let x = numbers.floats(rows * inputs)
      let w = numbers.floats(outputs * inputs)
      #expect(
        kernels.packed(w, outputs: outputs, inputs: inputs)
          == portable.packed(w, outputs: outputs, inputs: inputs))
      #expect(
        kernels.product(x, rows: rows, w, outputs: outputs, inputs: inputs)
          == portable.product(x, rows: rows, w, outputs: outputs, inputs: inputs),
        "seed 22, \(rows)x\(inputs) by \(outputs)")
    }
  }

  // Rows beyond 64 and inputs beyond 512 take several passes.
  @Test(
    arguments: ["amx", "avx512bf16", "avx512", "avx2", "portable"],
    [(70, 40, 530), (13, 100, 41), (3, 7, 2300)])
  func `give a row the same bits alone and among others`(isa: String, shape: (Int, Int, Int)) throws {
    guard let kernels = Kernels(isa) else { return }
    let (rows, outputs, inputs) = shape
    var numbers = Numbers(seed: 23)
    let x = numbers.floats(rows * inputs)
    let w = numbers.floats(outputs * inputs)
    let together = kernels.product(x, rows: rows, w, outputs: outputs, inputs: inputs)
    for row in [0, 1, rows / 2, rows - 1] {
      let alone = kernels.product(
        Array(x[row * inputs..<(row + 1) * inputs]), rows: 1, w, outputs: outputs, inputs: inputs)
      #expect(alone == Array(together[row * outputs..<(row + 1) * outputs]), "row \(row)")
    }
  }

  @Test(arguments: ["amx", "avx512bf16", "avx512", "avx2", "portable"], [false, true])
  func `give the same bits from weights in place, transposed or not`(isa: String, isTransposed: Bool) throws {
    guard let kernels = Kernels(isa) else { return }
    var numbers = Numbers(seed: 24)
    for (rows, outputs, inputs) in [(1, 33, 47), (9, 64, 128), (65, 20, 520)] {
      let x = numbers.floats(rows * inputs)
      let w = numbers.floats(outputs * inputs)
      let stored =
        isTransposed
        ? (0..<inputs).flatMap { k in (0..<outputs).map { w[$0 * inputs + k] } } : w
      var found = [Float](repeating: .nan, count: rows * outputs)
      kernels.table.rounded_product(
        x, inputs, rows, stored, CK_F32, isTransposed ? 1 : inputs, isTransposed ? outputs : 1, outputs,
        inputs, &found, outputs)
      #expect(found == kernels.product(x, rows: rows, w, outputs: outputs, inputs: inputs))
    }
  }

  @Test(arguments: ["amx", "avx512bf16", "avx512", "avx2", "portable"])
  func `gate two interleaved matrices as they gate two apart`(isa: String) throws {
    guard let kernels = Kernels(isa) else { return }
    var numbers = Numbers(seed: 25)
    let (rows, width, inputs) = (5, 48, 30)
    let x = numbers.floats(rows * inputs)
    let gate = numbers.floats(width * inputs)
    let up = numbers.floats(width * inputs)
    var both = [UInt8](repeating: 0xFF, count: ck_packed_bytes(2 * width, inputs))
    let tileBytes = ck_packed_bytes(16, inputs)
    both.withUnsafeMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      kernels.table.pack(gate, CK_F32, inputs, 1, width, inputs, base, 2)
      kernels.table.pack(up, CK_F32, inputs, 1, width, inputs, base + tileBytes, 2)
    }
    var tiles = [Float](repeating: .nan, count: rows * 2 * width)
    kernels.table.packed_product(x, inputs, rows, both, 2 * width, inputs, &tiles, 2 * width)
    var found = [Float](repeating: .nan, count: rows * width)
    kernels.table.swiglu_tiles(tiles, rows, width, &found)
    var expected = kernels.product(x, rows: rows, gate, outputs: width, inputs: inputs)
    kernels.table.swiglu(
      &expected, kernels.product(x, rows: rows, up, outputs: width, inputs: inputs), rows * width)
    #expect(found == expected)
  }

  @Test(arguments: ["amx", "avx512bf16", "avx512", "avx2", "portable"])
  func `round to the nearest bf16 number, ties to even, and keep what is not a number`(isa: String) throws {
    guard let kernels = Kernels(isa) else { return }
    // 1 + 2^-8 lies between 1 and 1 + 2^-7; 1 + 3 * 2^-8 between 1 + 2^-7 and 1 + 2^-6.
    let x: [Float] = [0x1.01p0, 0x1.03p0, 0x1.0101p0, -Float.infinity, Float.nan]
    let found = kernels.product(x, rows: x.count, [1], outputs: 1, inputs: 1)
    let expected: [Float] = [1, 0x1.04p0, 0x1.02p0, -Float.infinity]
    #expect(Array(found[0..<4]) == expected)
    #expect(found[4].isNaN)
    let weights = kernels.product([1], rows: 1, x, outputs: 5, inputs: 1)
    #expect(Array(weights[0..<4]) == expected)
    #expect(weights[4].isNaN)
  }
}
