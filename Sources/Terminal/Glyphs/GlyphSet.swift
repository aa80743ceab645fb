/// The characters that widgets are drawn with, by what the terminal can show.
public struct GlyphSet: Sendable, Hashable {
  /// How fine charts are.
  public enum Resolution: Sendable, Hashable {
    /// Braille, two samples and four steps a cell.
    case braille
    /// Eighth blocks, one sample and eight steps a cell.
    case blocks
    /// Plain characters, one sample and three steps a cell.
    case plain
  }

  /// How charts are drawn.
  public var resolution: Resolution
  /// Corners, from the top left clockwise.
  public var corners: [Character]
  /// The horizontal line.
  public var horizontal: Character
  /// The vertical line.
  public var vertical: Character
  /// A filled cell of a meter.
  public var meterFull: Character
  /// An empty cell of a meter.
  public var meterEmpty: Character
  /// Steps of a one-row chart, from nearly nothing to full.
  public var steps: [Character]
  /// The dashes of a reference line.
  public var dash: Character
  /// Beside what is well.
  public var ok: Character
  /// Beside what is under way.
  public var busy: Character
  /// Beside what needs a look.
  public var warning: Character
  /// Beside what is broken.
  public var critical: Character
  /// Beside what is only known from before.
  public var stale: Character
  /// Before the selected row.
  public var pointer: Character
  /// Between parts of a path.
  public var crumb: Character
  /// Before what to do.
  public var arrow: String
  /// For what is cut off.
  public var ellipsis: String
  /// For what is not known.
  public var unknown: String
  /// Between parts of a line.
  public var dot: Character
  /// Before a sum.
  public var sum: String

  /// Braille charts and line drawing.
  public static let braille = GlyphSet(
    resolution: .braille, corners: ["╭", "╮", "╯", "╰"], horizontal: "─", vertical: "│", meterFull: "█",
    meterEmpty: "░", steps: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"], dash: "╌", ok: "●", busy: "▲",
    warning: "⚠", critical: "✖", stale: "◌", pointer: "▸", crumb: "›", arrow: "→", ellipsis: "…",
    unknown: "–", dot: "·", sum: "Σ")

  /// Eighth blocks, for fonts without Braille.
  public static let blocks: GlyphSet = {
    var set = braille
    set.resolution = .blocks
    set.corners = ["┌", "┐", "┘", "└"]
    return set
  }()

  /// Nothing beyond ASCII.
  public static let ascii = GlyphSet(
    resolution: .plain, corners: ["+", "+", "+", "+"], horizontal: "-", vertical: "|", meterFull: "#",
    meterEmpty: ".", steps: ["_", ".", ":", "-", "=", "+", "*", "#"], dash: "-", ok: "*", busy: "^",
    warning: "!", critical: "x", stale: "?", pointer: ">", crumb: ">", arrow: "->", ellipsis: "...",
    unknown: "-", dot: "-", sum: "sum")

  /// Whether nothing beyond ASCII may be drawn.
  public var isPlain: Bool { resolution == .plain }

  /// Text that this set can show: beyond-ASCII punctuation of ours and others becomes ASCII where it must.
  public func spelled(_ text: String) -> String {
    guard isPlain, !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
    var result = ""
    for character in text {
      result += character.isASCII ? String(character) : Self.replacements[character] ?? "?"
    }
    return result
  }

  private static let replacements: [Character: String] = [
    "–": "-", "—": "-", "…": "...", "·": "-", "→": "->", "›": ">", "‘": "'", "’": "'", "“": "\"", "”": "\"",
    "×": "x", "≥": ">=", "≤": "<=", "≈": "~", "±": "+-", "µ": "u", "Σ": "sum", "▸": ">", "▾": "v", "↑": "^",
    "↓": "v", "←": "<-", "≠": "!=", "●": "*", "▲": "^", "⚠": "!", "✖": "x", "◌": "?",
  ]
}
