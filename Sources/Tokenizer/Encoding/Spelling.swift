/// How a vocabulary spells bytes as text.
enum Spelling: Sendable {
  /// GPT-2's printable alphabet: one character a byte.
  case byteLevel
  /// SentencePiece's: characters stand for themselves, U+2581 for a space, `<0x0A>` for a single byte.
  case sentencePiece

  /// What a space is spelled as by SentencePiece.
  static let space: Unicode.Scalar = "\u{2581}"

  /// The bytes that a token of the vocabulary stands for.
  func bytes(of token: String) -> [UInt8] {
    switch self {
    case .byteLevel: return ByteAlphabet.shared.bytes(of: token) ?? Array(token.utf8)
    case .sentencePiece:
      if let byte = Self.byte(token) { return [byte] }
      var text = ""
      for scalar in token.unicodeScalars { text.unicodeScalars.append(scalar == Self.space ? " " : scalar) }
      return Array(text.utf8)
    }
  }

  /// The token that stands for one byte.
  func token(of byte: UInt8) -> String {
    switch self {
    case .byteLevel: return String(Character(ByteAlphabet.shared.scalars[Int(byte)]))
    case .sentencePiece:
      let digits = String(byte, radix: 16, uppercase: true)
      return "<0x\(byte < 16 ? "0" : "")\(digits)>"
    }
  }

  private static func byte(_ token: String) -> UInt8? {
    guard token.utf8.count == 6, token.hasPrefix("<0x"), token.hasSuffix(">") else { return nil }
    return UInt8(token.dropFirst(3).dropLast(), radix: 16)
  }
}

/// Text compared byte by byte: Swift's strings are equal when they are canonically equivalent, but tokens
/// that differ so are different tokens.
struct ExactText: Hashable, Sendable {
  private let utf8: [UInt8]

  init(_ text: String) { utf8 = Array(text.utf8) }
}
