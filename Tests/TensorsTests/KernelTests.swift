import CKernels
import Randomness
import Tensors
import Testing

/// Random f32 matrices with a printed seed.
struct Numbers {
  var generator: SplitMix

  init(seed: UInt64) { generator = SplitMix(seed: seed) }

  mutating func floats(_ count: Int) -> [Float] {
    (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
  }

  mutating func shape(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
}

@Suite struct `Kernels` {
  private func product(
    _ x: [Float], rows: Int, _ w: [Float], outputs: Int, inputs: Int, isa: String = "portable"
  ) -> [Float]? {
    guard let kernels = ck_kernels_named(isa)?.pointee, let product = kernels.product else { return nil }
    var y = [Float](repeating: .nan, count: rows * outputs)
    product(x, inputs, rows, w, CK_F32, inputs, outputs, inputs, &y, outputs)
    return y
  }

  private func largest(_ a: [Float], _ b: [Float]) -> Float {
    zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  @Test(arguments: ["avx512", "avx2", "portable"])
  func `agree with OpenBLAS on any shape`(isa: String) throws {
    // A machine without the instruction set has nothing to test; portable is everywhere.
    guard ck_kernels_named(isa) != nil else { return }
    OpenBLAS.useOneThread()
    var numbers = Numbers(seed: 11)
    for _ in 0..<60 {
      let (rows, outputs, inputs) = (numbers.shape(1...13), numbers.shape(1...70), numbers.shape(1...70))
      let x = numbers.floats(rows * inputs)
      let w = numbers.floats(outputs * inputs)
      var expected = [Float](repeating: 0, count: rows * outputs)
      OpenBLAS.product(x, count: rows, weights: w, outputs: outputs, inputs: inputs, into: &expected)
      let found = try #require(product(x, rows: rows, w, outputs: outputs, inputs: inputs, isa: isa))
      #expect(largest(found, expected) < 2e-5, "seed 11, \(rows)x\(inputs) by \(outputs)")
    }
  }

  @Test(arguments: ["avx512", "avx2", "portable"])
  func `find the first of the largest numbers, and nothing that is not one`(isa: String) throws {
    guard let argmax = ck_kernels_named(isa)?.pointee.argmax else { return }
    var numbers = Numbers(seed: 8)
    for round in 0..<400 {
      // Few different values, so that there are ties.
      var x = numbers.floats(numbers.shape(1...200)).map { ($0 * 4).rounded() }
      for _ in 0..<round % 4 {
        x[numbers.shape(1...x.count) - 1] = [.nan, .infinity, -.infinity][numbers.shape(0...2)]
      }
      let largest = x.filter { !$0.isNaN }.max()
      let expected = largest.flatMap { x.firstIndex(of: $0) } ?? 0
      #expect(argmax(x, x.count) == expected, "\(x)")
    }
    #expect(argmax([.nan, -.infinity, -.infinity], 3) == 1)
    #expect(argmax([.nan, .nan], 2) == 0)
  }

  @Test(arguments: ["avx512", "avx2", "portable"])
  func `give a row the same bits alone and among others`(isa: String) throws {
    // A machine without the instruction set has nothing to test; portable is everywhere.
    guard ck_kernels_named(isa) != nil else { return }
    var numbers = Numbers(seed: 12)
    for _ in 0..<40 {
      let (rows, outputs, inputs) = (numbers.shape(2...11), numbers.shape(1...50), numbers.shape(1...90))
      let x = numbers.floats(rows * inputs)
      let w = numbers.floats(outputs * inputs)
      let together = product(x, rows: rows, w, outputs: outputs, inputs: inputs, isa: isa)
      let alone = (0..<rows).compactMap {
        product(
          Array(x[$0 * inputs..<($0 + 1) * inputs]), rows: 1, w, outputs: outputs, inputs: inputs, isa: isa)
      }.flatMap(\.self)
      #expect(together == alone, "seed 12, \(rows)x\(inputs) by \(outputs)")
    }
  }

  @Test(arguments: ["avx512", "avx2", "portable"])
  func `read bf16 in place exactly as its f32 value`(isa: String) throws {
    guard let kernels = ck_kernels_named(isa)?.pointee, let read = kernels.product else { return }
    var numbers = Numbers(seed: 13)
    let (rows, outputs, inputs) = (5, 37, 45)
    let x = numbers.floats(rows * inputs)
    let rounded = numbers.floats(outputs * inputs).map { Float(bitPattern: $0.bitPattern & 0xFFFF_0000) }
    // One byte in front: files align their tensors to nothing.
    var bytes: [UInt8] = [0]
    for value in rounded {
      let half = UInt16(value.bitPattern >> 16)
      bytes += [UInt8(half & 0xFF), UInt8(half >> 8)]
    }
    var found = [Float](repeating: .nan, count: rows * outputs)
    bytes.withUnsafeBytes { raw in
      guard let base = raw.baseAddress else { return }
      read(x, inputs, rows, base + 1, CK_BF16, inputs, outputs, inputs, &found, outputs)
    }
    #expect(found == product(x, rows: rows, rounded, outputs: outputs, inputs: inputs, isa: isa))
  }

  @Test(arguments: ["avx512", "avx2", "portable"])
  func `mix without a transpose as product does with one`(isa: String) throws {
    guard let kernels = ck_kernels_named(isa)?.pointee, let mix = kernels.mix else { return }
    var numbers = Numbers(seed: 14)
    for _ in 0..<40 {
      let (rows, inner, outputs) = (numbers.shape(1...9), numbers.shape(1...40), numbers.shape(1...80))
      let x = numbers.floats(rows * inner)
      let w = numbers.floats(inner * outputs)
      let transposed = (0..<outputs).flatMap { n in (0..<inner).map { w[$0 * outputs + n] } }
      let expected = try #require(
        product(x, rows: rows, transposed, outputs: outputs, inputs: inner, isa: isa))
      var found = [Float](repeating: .nan, count: rows * outputs)
      mix(x, inner, rows, w, CK_F32, outputs, inner, outputs, &found, outputs, 0)
      #expect(largest(found, expected) < 2e-5, "seed 14, \(rows)x\(inner) by \(outputs)")
      // Adding to what is there.
      mix(x, inner, rows, w, CK_F32, outputs, inner, outputs, &found, outputs, 1)
      #expect(largest(found, expected.map { 2 * $0 }) < 4e-5, "seed 14, \(rows)x\(inner) by \(outputs)")
    }
  }
}
