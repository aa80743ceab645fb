import JSON

/// The tokens of a vocabulary: what bytes each id stands for.
struct Vocabulary: Sendable {
  /// The bytes of each id; nil where the vocabulary has a gap.
  private(set) var bytes: [[UInt8]?] = []
  /// The tokens that are one character long, as SentencePiece spells them.
  private(set) var characters: [Unicode.Scalar: Int32] = [:]
  /// How the tokens are spelled.
  let spelling: Spelling
  private var ids: [ExactText: Int32] = [:]

  /// Reads `model.vocab` of a tokenizer.json.
  init(_ members: [JSONMember], _ spelling: Spelling, file: String) throws(TokenizerError) {
    self.spelling = spelling
    ids.reserveCapacity(members.count)
    for member in members {
      guard let id = member.value.integer, (0..<(1 << 24)).contains(id) else {
        throw .malformed(file: file, reason: "model.vocab: \(member.name) has no valid id")
      }
      ids[ExactText(member.name)] = Int32(id)
      let scalars = member.name.unicodeScalars
      if scalars.count == 1, let scalar = scalars.first { characters[scalar] = Int32(id) }
      // Control tokens are listed here too, whatever the spelling; their text comes with the added tokens.
      set(spelling.bytes(of: member.name), at: Int32(id))
    }
  }

  /// Says that `id` stands for `text` itself.
  mutating func set(_ text: [UInt8], at id: Int32) {
    if Int(id) >= bytes.count {
      bytes.append(contentsOf: repeatElement(nil, count: Int(id) + 1 - bytes.count))
    }
    bytes[Int(id)] = text
  }

  /// The id of a token by its spelling.
  func id(of token: String) -> Int32? { ids[ExactText(token)] }

  /// The token of each single byte.
  func byteTokens(file: String) throws(TokenizerError) -> [Int32] {
    var tokens: [Int32] = []
    for byte in UInt8.min...UInt8.max {
      let token = spelling.token(of: byte)
      guard let id = id(of: token) else {
        throw .malformed(file: file, reason: "model.vocab lacks the byte \(byte) (\(token))")
      }
      tokens.append(id)
    }
    return tokens
  }

  /// Reads `model.merges`: pairs written `"a b"` or `["a", "b"]`.
  func merges(_ pairs: [JSONValue], file: String) throws(TokenizerError) -> MergeTable {
    var table = MergeTable(capacity: pairs.count)
    for (rank, pair) in pairs.enumerated() {
      guard let (left, right) = Self.halves(pair) else {
        throw .malformed(file: file, reason: "model.merges[\(rank)] is not a pair")
      }
      guard let leftID = id(of: left), let rightID = id(of: right), let id = id(of: left + right) else {
        throw .malformed(file: file, reason: "model.merges[\(rank)]: \(left) \(right) is not in model.vocab")
      }
      table.add(leftID, rightID, MergeTable.Merge(rank: Int32(rank), id: id))
    }
    return table
  }

  private static func halves(_ pair: JSONValue) -> (String, String)? {
    if let elements = pair.elements {
      guard elements.count == 2, let left = elements[0].string, let right = elements[1].string else {
        return nil
      }
      return (left, right)
    }
    guard let text = pair.string, let space = text.firstIndex(of: " ") else { return nil }
    return (String(text[..<space]), String(text[text.index(after: space)...]))
  }
}
