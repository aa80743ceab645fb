import JSON

/// Splits a text into the words that are encoded each by itself.
struct PreTokenizer: Sendable {
  private enum Step: Sendable {
    /// Matches and what lies between them are words (`Split`, behaviour `Isolated`).
    case split(SplitPattern)
    /// Each digit, or each run of digits, is a word.
    case digits(individual: Bool)
    /// A word that does not begin with a space gets one.
    case prefixSpace
    /// Spaces are spelled as SentencePiece does, and one stands before the text, or before every part of it.
    case markedSpaces(SpacePrefix)
  }

  private enum SpacePrefix: Sendable {
    case never, beforeText, beforeEveryPart

    func applies(startsText: Bool) -> Bool { self == .beforeEveryPart || (self == .beforeText && startsText) }
  }

  private var steps: [Step] = []

  /// Reads the `pre_tokenizer` of a tokenizer.json.
  init(_ value: JSONValue?, file: String) throws(TokenizerError) {
    try add(value ?? .null, file)
  }

  private mutating func add(_ value: JSONValue, _ file: String) throws(TokenizerError) {
    switch value["type"]?.string {
    case nil where value.isNull: return
    case "Sequence": for part in value["pretokenizers"]?.elements ?? [] { try add(part, file) }
    case "Split": steps.append(.split(try Self.pattern(value, file)))
    case "Digits": steps.append(.digits(individual: value["individual_digits"]?.bool ?? false))
    case "ByteLevel":
      if value["add_prefix_space"]?.bool ?? true { steps.append(.prefixSpace) }
      if value["use_regex"]?.bool ?? true { steps.append(.split(.gpt2)) }
    case "Metaspace": steps.append(.markedSpaces(try Self.prefix(value, file)))
    case let other: throw .unsupported(file: file, what: "pre_tokenizer \(other ?? value.typeName)")
    }
  }

  private static func pattern(_ value: JSONValue, _ file: String) throws(TokenizerError) -> SplitPattern {
    let behavior = value["behavior"]?.string ?? "none"
    guard behavior == "Isolated", value["invert"]?.bool != true else {
      throw .unsupported(file: file, what: "pre_tokenizer Split with behavior \(behavior) or invert")
    }
    guard let regex = value["pattern"]?["Regex"]?.string else {
      throw .unsupported(file: file, what: "pre_tokenizer Split without a Regex pattern")
    }
    guard let pattern = SplitPattern(regex: regex) else {
      throw .unsupported(file: file, what: "the pre_tokenizer regex \(regex)")
    }
    return pattern
  }

  private static func prefix(_ value: JSONValue, _ file: String) throws(TokenizerError) -> SpacePrefix {
    guard value["replacement"]?.string == String(Spelling.space), value["split"]?.bool == false else {
      throw .unsupported(
        file: file, what: "pre_tokenizer Metaspace that splits or replaces by something else")
    }
    switch value["prepend_scheme"]?.string {
    case "never": return .never
    case "first": return .beforeText
    case "always", nil: return .beforeEveryPart
    case let other?:
      throw .unsupported(file: file, what: "pre_tokenizer Metaspace with prepend_scheme \(other)")
    }
  }

  /// The words of `text`, each as UTF-8.
  ///
  /// - Parameter startsText: whether nothing stands before `text`.
  func words(_ text: String, startsText: Bool) -> [[UInt8]] {
    var scalars = Array(text.unicodeScalars)
    var words = scalars.isEmpty ? [] : [0..<scalars.count]
    for step in steps {
      switch step {
      case .split(let pattern):
        words = words.flatMap { Self.pieces(scalars[$0]) { pattern.matchEnd($0, at: $1) } }
      case .digits(let individual):
        words = words.flatMap {
          Self.pieces(scalars[$0]) {
            PatternScanner(text: $0).run($1, atMost: individual ? 1 : .max, ScalarClass.isNumber)
          }
        }
      case .prefixSpace:
        guard let first = scalars.first, words.count == 1, !ScalarClass.isSpace(first) else { continue }
        scalars.insert(" ", at: 0)
        words = [0..<scalars.count]
      case .markedSpaces(let prefix):
        guard words.count == 1 else { continue }
        scalars = Self.markingSpaces(scalars, prefixed: prefix.applies(startsText: startsText))
        words = [0..<scalars.count]
      }
    }
    return words.map { Self.utf8(scalars[$0]) }
  }

  private static func markingSpaces(_ scalars: [Unicode.Scalar], prefixed: Bool) -> [Unicode.Scalar] {
    let marked = scalars.map { $0 == " " ? Spelling.space : $0 }
    return prefixed && marked.first != Spelling.space ? [Spelling.space] + marked : marked
  }

  private static func pieces(
    _ word: ArraySlice<Unicode.Scalar>, _ matchEnd: (ArraySlice<Unicode.Scalar>, Int) -> Int?
  ) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var gap = word.startIndex
    var index = word.startIndex
    while index < word.endIndex {
      guard let end = matchEnd(word, index) else {
        index += 1
        continue
      }
      if gap < index { pieces.append(gap..<index) }
      pieces.append(index..<end)
      index = end
      gap = end
    }
    if gap < word.endIndex { pieces.append(gap..<word.endIndex) }
    return pieces
  }

  private static func utf8(_ scalars: ArraySlice<Unicode.Scalar>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(scalars.count)
    for scalar in scalars {
      bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
    return bytes
  }
}
