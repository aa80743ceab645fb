/// A short name of a text that is the same everywhere and for ever, unlike Swift's own hash.
///
/// FNV-1a, 64 bits, in hexadecimal: it tells one text from another, and nothing of what stands in it.
public enum Fingerprint {
  /// The fingerprint of `text`.
  public static func of(_ text: String) -> String {
    let hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return String(hash, radix: 16)
  }
}
