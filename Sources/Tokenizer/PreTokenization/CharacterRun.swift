/// A split pattern that is one class of listed characters: `[…]`, `[…]+` or `\s?[…]+`.
///
/// DeepSeek's tokenizers list letters, punctuation and ideographs so. Unlike the patterns that
/// ``SplitPattern`` recognises, such a class means the same to every engine, so it is read.
struct CharacterRun: Equatable, Sendable {
  private var ranges: [ClosedRange<UInt32>] = []
  private let takesSpaceBefore: Bool
  private let repeats: Bool

  /// Reads the expression; nil when it is of another form.
  init?(regex: String) {
    var rest = Array(regex.unicodeScalars)[...]
    takesSpaceBefore = rest.starts(with: #"\s?["#.unicodeScalars)
    if takesSpaceBefore { rest = rest.dropFirst(3) }
    repeats = rest.last == "+"
    if repeats { rest = rest.dropLast() }
    guard !takesSpaceBefore || repeats, rest.count > 2, rest.first == "[", rest.last == "]" else {
      return nil
    }
    guard let listed = Self.ranges(rest.dropFirst().dropLast()) else { return nil }
    ranges = listed
  }

  /// The characters and spans between the brackets; nil for anything but these.
  private static func ranges(_ inside: ArraySlice<Unicode.Scalar>) -> [ClosedRange<UInt32>]? {
    var rest = inside
    var ranges: [ClosedRange<UInt32>] = []
    if rest.first == "^" { return nil }
    while !rest.isEmpty {
      guard let first = takeCharacter(&rest) else { return nil }
      guard rest.first == "-", rest.count > 1 else {
        ranges.append(first...first)
        continue
      }
      rest = rest.dropFirst()
      guard let last = takeCharacter(&rest), first <= last else { return nil }
      ranges.append(first...last)
    }
    return ranges
  }

  private static func takeCharacter(_ rest: inout ArraySlice<Unicode.Scalar>) -> UInt32? {
    guard let scalar = rest.popFirst() else { return nil }
    switch scalar {
    // Sets within sets and their intersections.
    case "[", "]", "&": return nil
    case "\\":
      guard let escaped = rest.popFirst() else { return nil }
      switch escaped {
      case "r": return 0xD
      case "n": return 0xA
      case "t": return 0x9
      default: return ScalarClass.isASCIIPunctuation(escaped) ? escaped.value : nil
      }
    default: return scalar.value
    }
  }

  private func contains(_ scalar: Unicode.Scalar) -> Bool {
    ranges.contains { $0.contains(scalar.value) }
  }

  /// The end of the match that begins at `start` of `text`; nil when the pattern does not match there.
  func matchEnd(_ text: ArraySlice<Unicode.Scalar>, at start: Int) -> Int? {
    let scanner = PatternScanner(text: text)
    if takesSpaceBefore, ScalarClass.isSpace(text[start]), let end = scanner.run(start + 1, contains) {
      return end
    }
    return scanner.run(start, atMost: repeats ? .max : 1, contains)
  }
}
