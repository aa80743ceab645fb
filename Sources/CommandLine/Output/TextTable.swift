/// Columns of text, as wide as their widest cell; wide characters and colours are counted right.
public struct TextTable: Sendable {
  /// How a column stands.
  public enum Alignment: Sendable {
    /// Text.
    case left
    /// Numbers.
    case right
  }

  private let header: [String]
  private let alignments: [Alignment]
  private var rows: [[String]] = []

  /// Makes a table; columns named in `numeric` stand right.
  public init(_ header: [String], numeric: Set<String> = []) {
    self.header = header
    alignments = header.map { numeric.contains($0) ? .right : .left }
  }

  /// Adds a row; missing cells are empty, surplus ones are a programmer's error.
  public mutating func add(_ cells: [String]) {
    precondition(cells.count <= header.count, "a row has more cells than the table has columns")
    rows.append(cells + Array(repeating: "", count: header.count - cells.count))
  }

  /// The table as lines, each ended, without trailing spaces.
  public func render(style: Style, gap: Int = 2) -> String {
    let widths = header.indices.map { column in
      ([header] + rows).map { Self.cells($0[column]) }.max() ?? 0
    }
    let lines = [header.map(style.bold)] + rows
    return lines.map { row in
      let padded = row.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - Self.cells(row[column]))
        return alignments[column] == .right ? space + row[column] : row[column] + space
      }
      let line = padded.joined(separator: String(repeating: " ", count: gap))
      return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
    }.joined()
  }

  /// Cells of a text without its colour escapes.
  static func cells(_ text: String) -> Int {
    guard text.utf8.contains(0x1b) else { return TextWrap.cells(text) }
    var isEscape = false
    var count = 0
    for scalar in text.unicodeScalars {
      if scalar == "\u{1b}" {
        isEscape = true
      } else if isEscape {
        isEscape = scalar != "m"
      } else {
        count += TextWrap.cells(scalar)
      }
    }
    return count
  }
}
