import Randomness

extension SplitMix {
  /// As many numbers, evenly out of `range`.
  mutating func floats(_ count: Int, in range: ClosedRange<Float>) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }
}
