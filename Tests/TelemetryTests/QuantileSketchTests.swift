import Randomness
import Telemetry
import Testing

@Suite struct `Quantile sketch` {
  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func `a quantile is within one per cent of the exact one`(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let values = (0..<3000).map { _ in 2e-6 * pow2(Double.random(in: 0...31, using: &random)) }
    var sketch = QuantileSketch()
    for value in values { sketch.record(value) }
    let sorted = values.sorted()
    for share in [0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1] {
      let exact = sorted[max(0, Int((share * 3000).rounded(.up)) - 1)]
      let estimate = try #require(sketch.quantile(share))
      #expect(abs(estimate - exact) <= exact * 0.01, "seed \(seed), share \(share): \(estimate) for \(exact)")
    }
    let mean = try #require(sketch.mean)
    #expect(abs(mean - values.reduce(0, +) / 3000) < mean * 1e-9)
  }

  @Test func `a bucket's own value falls into it`() {
    for index in 0..<SketchScale.bucketCount {
      #expect(SketchScale.index(of: SketchScale.value(at: index)) == index)
    }
  }

  @Test func `the ends of the scale take what lies beyond`() {
    #expect(SketchScale.index(of: 0) == 0)
    #expect(SketchScale.index(of: -3) == 0)
    #expect(SketchScale.index(of: 1e-9) == 0)
    #expect(SketchScale.index(of: .infinity) == SketchScale.bucketCount - 1)
    #expect(SketchScale.index(of: 8191.9) == SketchScale.bucketCount - 2)
    #expect(SketchScale.index(of: 8192) == SketchScale.bucketCount - 1)
  }

  @Test(arguments: [11, 12, 13] as [UInt64])
  func `merging equals recording everything in one`(seed: UInt64) {
    var random = SplitMix(seed: seed)
    var parts = [QuantileSketch(), QuantileSketch(), QuantileSketch()]
    var whole = QuantileSketch()
    for _ in 0..<500 {
      // Whole numbers of 2^-10 s, so that sums are exact in any order.
      let value = Double(Int.random(in: 1...1_000_000, using: &random)) / 1024
      parts[Int.random(in: 0..<3, using: &random)].record(value)
      whole.record(value)
    }
    var merged = QuantileSketch()
    for part in parts { merged.merge(part) }
    #expect(merged == whole, "seed \(seed)")
  }

  @Test func `a window is the difference of two states`() {
    var sketch = QuantileSketch()
    for _ in 0..<100 { sketch.record(10) }
    let before = sketch
    sketch.record(0.25)
    sketch.record(0.5)
    var expected = QuantileSketch()
    expected.record(0.25)
    expected.record(0.5)
    #expect(sketch.since(before) == expected)
    #expect(sketch.since(sketch) == QuantileSketch())
  }

  @Test func `a sketch that began anew is new as a whole`() {
    var old = QuantileSketch()
    for _ in 0..<5 { old.record(1) }
    var fresh = QuantileSketch()
    for _ in 0..<9 { fresh.record(2) }
    #expect(fresh.since(old) == fresh)
  }

  @Test func `an empty sketch knows no quantile and no mean`() {
    #expect(QuantileSketch().quantile(0.5) == nil)
    #expect(QuantileSketch().mean == nil)
    var sketch = QuantileSketch()
    sketch.record(.nan)
    #expect(sketch.count == 0)
  }

  private func pow2(_ exponent: Double) -> Double {
    let whole = exponent.rounded(.down)
    return Double(sign: .plus, exponent: Int(whole), significand: 1 + (exponent - whole))
  }
}
