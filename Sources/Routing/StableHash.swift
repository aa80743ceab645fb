import Randomness

/// A hash that is the same in every process: FNV-1a with a finishing mix, so that its low bits are even too.
public enum StableHash {
  /// The hash of `bytes`, continuing from `seed`.
  public static func of(_ bytes: some Sequence<UInt8>, seed: UInt64 = 0xCBF2_9CE4_8422_2325) -> UInt64 {
    SplitMix.mixed(bytes.reduce(seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
  }
}
