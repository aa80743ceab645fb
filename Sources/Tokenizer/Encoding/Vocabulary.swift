import JSON

/// The tokens of a byte-level vocabulary: what bytes each id stands for.
struct Vocabulary: Sendable {
  /// The bytes of each id; nil where the vocabulary has a gap.
  private(set) var bytes: [[UInt8]?] = []
  /// The id of each spelling in the byte alphabet.
  private(set) var ids: [String: Int32] = [:]

  /// Reads `model.vocab` of a tokenizer.json.
  init(_ members: [JSONMember], file: String) throws(TokenizerError) {
    ids.reserveCapacity(members.count)
    for member in members {
      guard let id = member.value.integer, (0..<(1 << 24)).contains(id) else {
        throw .malformed(file: file, reason: "model.vocab: \(member.name) has no valid id")
      }
      ids[member.name] = Int32(id)
      // Control tokens are listed here too, spelled outside the byte alphabet; their text comes with the added tokens.
      set(ByteAlphabet.shared.bytes(of: member.name) ?? Array(member.name.utf8), at: Int32(id))
    }
  }

  /// Says that `id` stands for `text` itself.
  mutating func set(_ text: [UInt8], at id: Int32) {
    if Int(id) >= bytes.count {
      bytes.append(contentsOf: repeatElement(nil, count: Int(id) + 1 - bytes.count))
    }
    bytes[Int(id)] = text
  }

  /// The token of each single byte.
  func byteTokens(file: String) throws(TokenizerError) -> [Int32] {
    var tokens: [Int32] = []
    for scalar in ByteAlphabet.shared.scalars {
      guard let id = ids[String(Character(scalar))] else {
        throw .malformed(file: file, reason: "model.vocab lacks the byte \(tokens.count) (\(scalar))")
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
      guard let leftID = ids[left], let rightID = ids[right], let id = ids[left + right] else {
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
