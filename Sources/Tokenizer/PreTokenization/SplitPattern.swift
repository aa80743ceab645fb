/// The split patterns that we scan by hand, most of them known by the exact text of their regular expression.
///
/// A general regex engine is slower and never quite agrees with Oniguruma, which made the vocabularies; a pattern that
/// is not in this list is refused instead.
enum SplitPattern: Sendable {
  /// GPT-2's, which `ByteLevel` applies when it says `use_regex`.
  case gpt2
  /// Llama 3's: contractions in any case, digits in threes.
  case llama3
  /// Qwen 2's and 3's: as Llama 3's with single digits.
  case qwen2
  /// DeepSeek-V3's first split: digits in threes.
  case digitTriples
  /// DeepSeek-V3's third split: words, punctuation, spaces.
  case deepSeekWords
  /// DeepSeek-V2's: spaces at the end of a line.
  case trailingSpaces
  /// DeepSeek-V3's second split, runs of Han and kana, and most of DeepSeek-V2's.
  case characters(CharacterRun)

  private static let recognised: [SplitPattern] = [
    .gpt2, .llama3, .qwen2, .digitTriples, .deepSeekWords, .trailingSpaces,
  ]

  /// The regular expression as `tokenizer.json` writes it.
  private var regex: String? {
    switch self {
    case .gpt2: #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    case .llama3:
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    case .qwen2:
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    case .digitTriples: #"\p{N}{1,3}"#
    case .deepSeekWords:
      "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
        + "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"
    case .trailingSpaces: #"\s+$"#
    case .characters: nil
    }
  }

  init?(regex: String) {
    let wanted = Self.escapingNewlines(regex)
    let isWanted: (SplitPattern) -> Bool = { $0.regex.map(Self.escapingNewlines) == wanted }
    if let match = Self.recognised.first(where: isWanted) {
      self = match
    } else if let run = CharacterRun(regex: regex) {
      self = .characters(run)
    } else {
      return nil
    }
  }

  /// Some files write `\r\n` as escapes of the regular expression, some as the characters themselves.
  private static func escapingNewlines(_ regex: String) -> String {
    var result = ""
    for scalar in regex.unicodeScalars {
      switch scalar {
      case "\r": result += #"\r"#
      case "\n": result += #"\n"#
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The end of the match that begins at `start` of `text`; nil when the pattern does not match there.
  func matchEnd(_ text: ArraySlice<Unicode.Scalar>, at start: Int) -> Int? {
    let scanner = PatternScanner(text: text)
    return switch self {
    case .gpt2: scanner.gpt2(start)
    case .llama3: scanner.llama(start, digits: 3)
    case .qwen2: scanner.llama(start, digits: 1)
    case .digitTriples: scanner.run(start, atMost: 3, ScalarClass.isNumber)
    case .deepSeekWords: scanner.deepSeekWords(start)
    case .trailingSpaces: scanner.trailingSpaces(start)
    case .characters(let run): run.matchEnd(text, at: start)
    }
  }
}
