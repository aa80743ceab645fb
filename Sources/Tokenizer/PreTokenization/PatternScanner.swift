/// The alternatives of the split patterns, tried in the order of the regular expression.
struct PatternScanner {
  let text: ArraySlice<Unicode.Scalar>

  private func at(_ index: Int) -> Unicode.Scalar? { index < text.endIndex ? text[index] : nil }

  /// The end of the run of at least one and `atMost` scalars of a class from `start`; nil when there is none.
  func run(_ start: Int, atMost limit: Int = .max, _ belongs: (Unicode.Scalar) -> Bool) -> Int? {
    var end = start
    while end - start < limit, let scalar = at(end), belongs(scalar) { end += 1 }
    return end > start ? end : nil
  }

  func gpt2(_ start: Int) -> Int? {
    contraction(start, anyCase: false)
      ?? spaced(start, ScalarClass.isLetter)
      ?? spaced(start, ScalarClass.isNumber)
      ?? spaced(start, ScalarClass.isOther)
      ?? spaces(start)
  }

  func llama(_ start: Int, digits: Int) -> Int? {
    contraction(start, anyCase: true)
      ?? prefixed(
        start, by: { !ScalarClass.isNewline($0) && !ScalarClass.isNumber($0) }, ScalarClass.isLetter)
      ?? run(start, atMost: digits, ScalarClass.isNumber)
      ?? spaced(start, ScalarClass.isOther).map(newlines)
      ?? spacesToNewline(start)
      ?? spaces(start)
  }

  func deepSeekWords(_ start: Int) -> Int? {
    punctuatedWord(start)
      ?? prefixed(start, by: isWordPrefix) { ScalarClass.isLetter($0) || ScalarClass.isMark($0) }
      ?? spaced(start, ScalarClass.isPunctuationOrSymbol).map(newlines)
      ?? spacesToNewline(start)
      ?? spaces(start)
  }

  /// `[^\r\n\p{L}\p{P}\p{S}]`.
  private func isWordPrefix(_ scalar: Unicode.Scalar) -> Bool {
    !ScalarClass.isNewline(scalar) && !ScalarClass.isPunctuationOrSymbol(scalar)
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d`.
  private func contraction(_ start: Int, anyCase: Bool) -> Int? {
    guard at(start) == "'" else { return nil }
    let letters = [at(start + 1), at(start + 2)].map { $0.map { anyCase ? Self.folded($0) : $0 } }
    switch letters[0] {
    case "s", "t", "m", "d": return start + 2
    case "r", "v": return letters[1] == "e" ? start + 3 : nil
    case "l": return letters[1] == "l" ? start + 3 : nil
    default: return nil
    }
  }

  private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    if scalar == "\u{17F}" { return "s" }
    return ScalarClass.isASCIILetter(scalar) ? Unicode.Scalar(UInt8(scalar.value | 0x20)) : scalar
  }

  /// ` ?X+`.
  private func spaced(_ start: Int, _ belongs: (Unicode.Scalar) -> Bool) -> Int? {
    if at(start) == " ", let end = run(start + 1, belongs) { return end }
    return run(start, belongs)
  }

  /// `P?X+` where P is any scalar that `allows` and that need not lie outside X: greedy, then without the prefix.
  private func prefixed(
    _ start: Int, by allows: (Unicode.Scalar) -> Bool, _ belongs: (Unicode.Scalar) -> Bool
  ) -> Int? {
    if let first = at(start), allows(first), !ScalarClass.isLetter(first), let end = run(start + 1, belongs) {
      return end
    }
    return run(start, belongs)
  }

  /// `[ASCII punctuation][A-Za-z]+`.
  private func punctuatedWord(_ start: Int) -> Int? {
    guard let first = at(start), ScalarClass.isASCIIPunctuation(first) else { return nil }
    return run(start + 1, ScalarClass.isASCIILetter)
  }

  /// `[\r\n]*`.
  private func newlines(_ start: Int) -> Int { run(start, ScalarClass.isNewline) ?? start }

  /// `\s*[\r\n]+`: to the last newline of the run of spaces.
  private func spacesToNewline(_ start: Int) -> Int? {
    guard let end = run(start, ScalarClass.isSpace) else { return nil }
    return text[start..<end].lastIndex(where: ScalarClass.isNewline).map { $0 + 1 }
  }

  /// `\s+$`: as many spaces as end before a newline or at the end.
  func trailingSpaces(_ start: Int) -> Int? {
    guard let end = run(start, ScalarClass.isSpace) else { return nil }
    if end == text.endIndex { return end }
    return (start + 1..<end).last { text[$0] == "\n" }
  }

  /// `\s+(?!\S)|\s+`: a run of spaces leaves its last one to the word that follows.
  private func spaces(_ start: Int) -> Int? {
    guard let end = run(start, ScalarClass.isSpace) else { return nil }
    return end < text.endIndex && end - start > 1 ? end - 1 : end
  }
}
