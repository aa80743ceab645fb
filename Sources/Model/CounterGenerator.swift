/// Random numbers as a pure function of a seed and a counter.
///
/// A token's draw depends on its request's seed and its position only, so a preempted, migrated or
/// replayed request gives the same text.
public struct CounterGenerator: Sendable {
  /// The request's seed.
  public let seed: UInt64

  /// The generator of a request.
  public init(seed: UInt64) { self.seed = seed }

  /// 64 random bits for a position.
  ///
  /// Two rounds of the SplitMix64 finaliser (Steele, Lea and Flood, 2014) over seed and position.
  public func bits(position: Int) -> UInt64 {
    Self.mix(
      Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15)
        ^ (UInt64(truncatingIfNeeded: position) &* 0xD1B5_4A32_D192_ED03))
  }

  /// A uniform number in `[0, 1)` for a position, a multiple of 2⁻⁵³.
  public func uniform(position: Int) -> Double { Double(bits(position: position) >> 11) * 0x1p-53 }

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
