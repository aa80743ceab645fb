import Manifest

/// A source line fit for a terminal, and the carets below it.
///
/// Tabs become spaces, control characters a replacement sign, and of a very long line the part around the span is kept.
struct SourceExcerpt {
  let line: String
  let underline: String

  /// Cells shown of a line.
  static let width = 100

  init(_ source: String, _ span: SourceSpan) {
    let scalars = Array(source.unicodeScalars)
    let start = min(max(0, span.column - 1), scalars.count)
    let end = min(start + span.length, scalars.count)
    let first = start > Self.width - 20 ? start - 20 : 0
    let last = min(scalars.count, first + Self.width)
    let shown = scalars[first..<last].map(Self.drawn)
    let before = shown.prefix(start - first).reduce(0) { $0 + TextWrap.cells($1) }
    let covered = shown.dropFirst(start - first).prefix(max(0, min(end, last) - start))
    let carets = max(1, covered.reduce(0) { $0 + TextWrap.cells($1) })
    let lead = first > 0 ? "..." : ""
    line = lead + shown.joined() + (last < scalars.count ? "..." : "")
    underline = String(repeating: " ", count: lead.count + before) + String(repeating: "^", count: carets)
  }

  private static func drawn(_ scalar: Unicode.Scalar) -> String {
    switch scalar.properties.generalCategory {
    case .control: scalar == "\t" ? "  " : "\u{fffd}"
    case .format: "\u{fffd}"
    default: String(scalar)
    }
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
