/// The tokens that a word is cut into before any merge.
struct SymbolTable: Sendable {
  private let spelling: Spelling
  /// The token of each byte.
  private let byteTokens: [Int32]
  /// The token of each character that has one of its own; empty for byte-level vocabularies.
  private let characters: [Unicode.Scalar: Int32]

  init(_ vocabulary: Vocabulary, file: String) throws(TokenizerError) {
    spelling = vocabulary.spelling
    byteTokens = try vocabulary.byteTokens(file: file)
    characters = vocabulary.spelling == .byteLevel ? [:] : vocabulary.characters
  }

  func symbols(of word: [UInt8]) -> [Int32] {
    switch spelling {
    case .byteLevel: return word.map { byteTokens[Int($0)] }
    case .sentencePiece:
      return String(decoding: word, as: UTF8.self).unicodeScalars.flatMap { scalar -> [Int32] in
        if let token = characters[scalar] { return [token] }
        return String(scalar).utf8.map { byteTokens[Int($0)] }
      }
    }
  }
}
