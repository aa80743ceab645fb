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
