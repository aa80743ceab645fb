import JSON

/// The parts of a tokenizer.json, each read and checked by itself.
struct TokenizerDescription {
  let json: JSONValue
  let file: String

  init(_ json: JSONValue, file: String) {
    self.json = json
    self.file = file
  }

  /// Refuses, by name, what would make our answer differ from the reference's.
  func refuseUnsupported() throws(TokenizerError) {
    guard let model = json["model"], model["type"]?.string == "BPE" else {
      throw unsupported("the model type \(json["model"]?["type"]?.string ?? "none")")
    }
    for name in ["dropout", "continuing_subword_prefix", "end_of_word_suffix"] {
      if let value = model[name], !value.isNull, value.string != "" { throw unsupported("model.\(name)") }
    }
  }

  /// How the vocabulary spells bytes: SentencePiece's fall back to tokens of single bytes.
  private var spelling: Spelling {
    json["model"]?["byte_fallback"]?.bool == true ? .sentencePiece : .byteLevel
  }

  /// Whether decoding drops the space that encoding put before the text.
  func stripsLeadingSpace() throws(TokenizerError) -> Bool {
    let decoder = json["decoder"] ?? .null
    switch (spelling, decoder["type"]?.string) {
    case (.byteLevel, "ByteLevel"): return false
    case (.byteLevel, nil) where decoder.isNull: return false
    case (.sentencePiece, "Sequence"):
      var strips = false
      for part in decoder["decoders"]?.elements ?? [] { try readStep(part, &strips) }
      return strips
    case (_, let other): throw unsupported("the decoder \(other ?? "none")")
    }
  }

  /// The steps that undo SentencePiece's spelling, which ``Spelling`` does, and the one that strips.
  private func readStep(_ step: JSONValue, _ strips: inout Bool) throws(TokenizerError) {
    switch step["type"]?.string {
    case "ByteFallback", "Fuse": return
    case "Replace"
    where step["pattern"]?["String"]?.string == String(Spelling.space) && step["content"]?.string == " ":
      return
    case "Strip"
    where step["content"]?.string == " " && step["start"]?.integer == 1 && step["stop"]?.integer == 0:
      strips = true
    case let other: throw unsupported("the decoder \(other ?? "none") with these settings")
    }
  }

  func addedTokens() throws(TokenizerError) -> [AddedToken] {
    var tokens: [AddedToken] = []
    for (index, entry) in (json["added_tokens"]?.elements ?? []).enumerated() {
      guard let id = entry["id"]?.integer, (0..<(1 << 24)).contains(id),
        let content = entry["content"]?.string
      else {
        throw .malformed(file: file, reason: "added_tokens[\(index)] lacks a valid id or content")
      }
      for name in ["lstrip", "rstrip", "single_word"] where entry[name]?.bool == true {
        throw unsupported("\(name) of added token \(content)")
      }
      tokens.append(AddedToken(id: Int32(id), content: content, isSpecial: entry["special"]?.bool ?? false))
    }
    return tokens
  }

  /// First the tokens of the raw text, then those of the normalized one: the reference looks for them in this order.
  func stages(_ tokens: [AddedToken]) throws(TokenizerError) -> [AddedTokenStage] {
    let normalizer = try Normalizer(json["normalizer"], file: file)
    let normalized = (json["added_tokens"]?.elements ?? []).map { $0["normalized"]?.bool ?? true }
    let pairs = zip(tokens, normalized)
    let late = pairs.filter(\.1).map { token, _ in
      AddedToken(id: token.id, content: normalizer.apply(token.content), isSpecial: token.isSpecial)
    }
    return [
      AddedTokenStage(
        normalizer: .unchanged, matcher: AddedTokenMatcher(pairs.filter { !$0.1 }.map(\.0))),
      AddedTokenStage(normalizer: normalizer, matcher: AddedTokenMatcher(late)),
    ]
  }

  func vocabulary(with added: [AddedToken]) throws(TokenizerError) -> Vocabulary {
    guard let members = json["model"]?["vocab"]?.members else {
      throw .malformed(file: file, reason: "model.vocab is not an object")
    }
    var vocabulary = try Vocabulary(members, spelling, file: file)
    for token in added { vocabulary.set(Array(token.content.utf8), at: token.id) }
    return vocabulary
  }

  func merges(of vocabulary: Vocabulary) throws(TokenizerError) -> MergeTable {
    guard let pairs = json["model"]?["merges"]?.elements else {
      throw .malformed(file: file, reason: "model.merges is not an array")
    }
    return try vocabulary.merges(pairs, file: file)
  }

  /// What the post-processor puts before and after a text.
  func surroundings() throws(TokenizerError) -> (prefix: [Int32], suffix: [Int32]) {
    let processor = json["post_processor"] ?? .null
    let parts = processor["processors"]?.elements ?? [processor]
    for part in parts {
      switch part["type"]?.string {
      case "ByteLevel": continue
      case nil where part.isNull: continue
      case "TemplateProcessing": return try template(part)
      case let other: throw unsupported("the post_processor \(other ?? part.typeName)")
      }
    }
    return ([], [])
  }

  private func template(_ processor: JSONValue) throws(TokenizerError) -> (prefix: [Int32], suffix: [Int32]) {
    var prefix: [Int32] = []
    var suffix: [Int32] = []
    var sawText = false
    for piece in processor["single"]?.elements ?? [] {
      if piece["Sequence"] != nil {
        sawText = true
        continue
      }
      guard let name = piece["SpecialToken"]?["id"]?.string,
        let ids = processor["special_tokens"]?[name]?["ids"]?.elements?.compactMap(\.integer)
      else { throw .malformed(file: file, reason: "post_processor.single names an unknown special token") }
      if sawText { suffix += ids.map(Int32.init) } else { prefix += ids.map(Int32.init) }
    }
    return (prefix, suffix)
  }

  private func unsupported(_ what: String) -> TokenizerError { .unsupported(file: file, what: what) }
}
