public import JSON

/// A byte-pair tokenizer, read from a Hugging Face `tokenizer.json`.
public struct Tokenizer: Sendable {
  /// Which added tokens are looked for in a text.
  public enum SpecialTokens: Sendable {
    /// All of them: for text that we wrote, such as a rendered chat template.
    case matched
    /// Only those that are not special: control tokens in the text are ordinary characters.
    case asText
  }

  /// Added tokens, control tokens among them, in the order of the file.
  public let addedTokens: [AddedToken]

  private let vocabulary: Vocabulary
  private let encoder: BytePairEncoder
  private let preTokenizer: PreTokenizer
  /// Added tokens are taken out of the raw text first, others out of the normalised one.
  private let stages: [AddedTokenStage]
  private let specials: Set<Int32>
  /// Whether a word that is itself a token is taken before any merge.
  private let ignoresMerges: Bool
  private let stripsLeadingSpace: Bool
  private let prefix: [Int32]
  private let suffix: [Int32]

  /// Reads the parsed text of a tokenizer.json.
  ///
  /// - Parameter file: the file's name, for error messages.
  /// - Throws: ``TokenizerError``; what the file asks for and we do not do is refused by its name.
  public init(_ json: JSONValue, file: String = "tokenizer.json") throws(TokenizerError) {
    let description = TokenizerDescription(json, file: file)
    try description.refuseUnsupported()
    addedTokens = try description.addedTokens()
    specials = Set(addedTokens.lazy.filter(\.isSpecial).map(\.id))
    vocabulary = try description.vocabulary(with: addedTokens)
    encoder = BytePairEncoder(
      symbols: try SymbolTable(vocabulary, file: file), merges: try description.merges(of: vocabulary))
    preTokenizer = try PreTokenizer(json["pre_tokenizer"], file: file)
    stages = try description.stages(addedTokens)
    ignoresMerges = json["model"]?["ignore_merges"]?.bool ?? false
    stripsLeadingSpace = try description.stripsLeadingSpace()
    (prefix, suffix) = try description.surroundings()
  }

  /// One more than the largest id.
  public var vocabularySize: Int { vocabulary.bytes.count }

  /// The id of an added token by its text.
  public func id(ofAdded content: String) -> Int32? { addedTokens.first { $0.content == content }?.id }

  /// Whether `id` is a control token.
  public func isSpecial(_ id: Int32) -> Bool { specials.contains(id) }

  /// The bytes that `id` stands for; nil for an id outside the vocabulary.
  ///
  /// They need not be whole characters of UTF-8.
  public func bytes(of id: Int32) -> [UInt8]? {
    vocabulary.bytes.indices.contains(Int(id)) ? vocabulary.bytes[Int(id)] : nil
  }

  /// The tokens of `text`.
  ///
  /// - Parameters:
  ///   - specialTokens: whether control tokens in the text are read as such.
  ///   - surrounded: whether to add what the tokenizer's post-processor adds, such as a begin-of-text token.
  ///   - guardScalar: what ``guarded(_:with:)`` put in; it is dropped once control tokens have been looked for.
  public func encode(
    _ text: String, specialTokens: SpecialTokens, surrounded: Bool = false, guardScalar: Unicode.Scalar? = nil
  ) -> [Int32] {
    let context = EncodingContext(specialTokens: specialTokens, guardScalar: guardScalar)
    let body = encode(text, stages[...], context, startsText: true)
    return surrounded ? prefix + body + suffix : body
  }

  /// `text` with `scalar` inside each of its control tokens, so that none of them is read as one.
  ///
  /// For what users write into a conversation: the template around it keeps its control tokens.
  public func guarded(_ text: String, with scalar: Unicode.Scalar) -> String {
    stages.reduce(text) { text, stage in
      let utf8 = Array(stage.normalizer.apply(text).utf8)
      var result: [UInt8] = []
      var start = 0
      while let match = stage.matcher.first(in: utf8, from: start, allowingSpecial: true) {
        let first = match.token.content.unicodeScalars.first.map { UTF8.width($0) } ?? 1
        let cut = match.range.lowerBound + first
        result += utf8[start..<cut]
        if match.token.isSpecial { result += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter }
        start = cut
      }
      return String(decoding: result + utf8[start...], as: UTF8.self)
    }
  }

  /// What stays the same while a text is taken apart.
  private struct EncodingContext {
    let specialTokens: SpecialTokens
    let guardScalar: Unicode.Scalar?
  }

  /// Takes out what the first stage finds and leaves the rest to the others, then to the word encoder.
  ///
  /// - Parameter startsText: whether nothing stands before `text`.
  private func encode(
    _ text: String, _ stages: ArraySlice<AddedTokenStage>, _ context: EncodingContext, startsText: Bool
  ) -> [Int32] {
    guard let stage = stages.first else { return encodeWords(text, context, startsText: startsText) }
    let rest = stages.dropFirst()
    let utf8 = Array(stage.normalizer.apply(text).utf8)
    let takesSpecial = context.specialTokens == .matched
    var ids: [Int32] = []
    var start = 0
    while let match = stage.matcher.first(in: utf8, from: start, allowingSpecial: takesSpecial) {
      let before = String(decoding: utf8[start..<match.range.lowerBound], as: UTF8.self)
      ids += encode(before, rest, context, startsText: startsText && start == 0)
      ids.append(match.token.id)
      start = match.range.upperBound
    }
    let last = String(decoding: utf8[start...], as: UTF8.self)
    return ids + encode(last, rest, context, startsText: startsText && start == 0)
  }

  private func encodeWords(_ text: String, _ context: EncodingContext, startsText: Bool) -> [Int32] {
    var text = text
    if let guardScalar = context.guardScalar { text.unicodeScalars.removeAll { $0 == guardScalar } }
    return preTokenizer.words(text, startsText: startsText).flatMap { word in
      if ignoresMerges, let id = wholeToken(word) { return [id] }
      return encoder.encode(word)
    }
  }

  private func wholeToken(_ word: [UInt8]) -> Int32? {
    switch vocabulary.spelling {
    case .byteLevel: vocabulary.id(of: word.reduce(into: "") { $0 += vocabulary.spelling.token(of: $1) })
    case .sentencePiece: vocabulary.id(of: String(decoding: word, as: UTF8.self))
    }
  }

  /// The text of `ids`; bytes that are no UTF-8 become U+FFFD, ids outside the vocabulary nothing.
  ///
  /// SentencePiece's vocabularies begin a text with a space of their own, which is left out again.
  public func decode(_ ids: some Sequence<Int32>, skippingSpecial: Bool = true) -> String {
    let bytes = ids.lazy.filter { !skippingSpecial || !isSpecial($0) }.flatMap { self.bytes(of: $0) ?? [] }
    let text = String(decoding: Array(bytes), as: UTF8.self)
    return stripsLeadingSpace && text.unicodeScalars.first == " "
      ? String(text.unicodeScalars.dropFirst()) : text
  }
}
