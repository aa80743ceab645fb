extension ManifestSource {
  /// A line to show to someone, its secrets hidden; nil past the end.
  ///
  /// Lines count from 1. Hidden is what follows a key that names a secret; the mask is as long as what it hides, so
  /// that columns stay where they are.
  public func shownLine(_ number: Int) -> String? {
    let lines = lines
    return lines.indices.contains(number - 1) ? SecretMask.masking(lines[number - 1]) : nil
  }
}

/// Hides secrets in excerpts: what follows a key whose name holds KEY, TOKEN, SECRET or PASSWORD in capitals, or
/// stands beside `secret: true`.
enum SecretMask {
  private static let words = ["KEY", "TOKEN", "SECRET", "PASSWORD", "api_key", "hf_token"]

  /// The mask is as long as what it hides, so that carets stay under their columns.
  static func masking(_ line: Substring) -> String {
    let isMarked = line.contains("secret:") && line.contains("value:")
    let secret = line.indices.first { index in
      line[index] == ":" && (isMarked || words.contains { Self.key(before: index, line).contains($0) })
    }
    guard let secret else { return String(line) }
    let rest = line[line.index(after: secret)...]
    let spaces = rest.prefix { $0 == " " }
    return String(line[...secret]) + spaces
      + String(repeating: "*", count: rest.unicodeScalars.count - spaces.count)
  }

  private static func key(before colon: Substring.Index, _ line: Substring) -> Substring {
    line[..<colon].suffix(from: line[..<colon].lastIndex { " {,".contains($0) } ?? line.startIndex)
  }
}
