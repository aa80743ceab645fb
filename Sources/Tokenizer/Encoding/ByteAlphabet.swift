/// GPT-2's printable alphabet: one character for each byte, so that byte-level vocabularies are valid JSON strings.
///
/// Printable Latin-1 stands for itself; the 68 other bytes follow from U+0100 on (`bytes_to_unicode` of GPT-2).
struct ByteAlphabet {
  /// The scalar of each byte.
  let scalars: [Unicode.Scalar]
  private let bytes: [Unicode.Scalar: UInt8]

  static let shared = ByteAlphabet()

  private init() {
    var next: UInt32 = 0x100
    scalars = (UInt8.min...UInt8.max).map { byte in
      if Self.isPrintable(byte) { return Unicode.Scalar(byte) }
      defer { next += 1 }
      return Unicode.Scalar(next) ?? "?"
    }
    bytes = Dictionary(uniqueKeysWithValues: zip(scalars, UInt8.min...UInt8.max))
  }

  private static func isPrintable(_ byte: UInt8) -> Bool {
    (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE
  }

  /// The bytes that `text` stands for; nil when it holds a character outside the alphabet.
  func bytes(of text: String) -> [UInt8]? {
    var result: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard let byte = bytes[scalar] else { return nil }
      result.append(byte)
    }
    return result
  }
}
