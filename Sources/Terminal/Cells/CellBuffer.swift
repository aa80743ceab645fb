/// One cell of a screen.
public struct Cell: Sendable, Hashable {
  /// What stands in it, with the marks that sit on it.
  public var character: Character
  /// Cells it takes: 1, 2, or 0 for the right half of the wide character before.
  public var width: UInt8
  /// How it is drawn.
  public var style: CellStyle

  /// Makes a cell.
  public init(_ character: Character = " ", width: UInt8 = 1, style: CellStyle = CellStyle()) {
    self.character = character
    self.width = width
    self.style = style
  }
}

/// A screenful of cells: what every renderer draws into, before any terminal sees it.
///
/// Drawing outside its bounds is clipped, never an error: a layout may be larger than the window.
public struct CellBuffer: Sendable, Equatable {
  /// Columns.
  public let width: Int
  /// Rows.
  public let height: Int
  /// The characters that widgets draw with; text is spelled in them.
  public let glyphs: GlyphSet
  private var cells: [Cell]

  /// A buffer of blanks.
  public init(width: Int, height: Int, style: CellStyle = CellStyle(), glyphs: GlyphSet = .braille) {
    self.glyphs = glyphs
    self.width = max(0, width)
    self.height = max(0, height)
    cells = Array(repeating: Cell(style: style), count: self.width * self.height)
  }

  /// The whole.
  public var bounds: Rect { Rect(x: 0, y: 0, width: width, height: height) }

  /// A cell inside the bounds.
  public subscript(x: Int, y: Int) -> Cell {
    precondition(x >= 0 && x < width && y >= 0 && y < height, "outside the buffer")
    return cells[y * width + x]
  }

  /// The cells of a row.
  public func row(_ y: Int) -> ArraySlice<Cell> { cells[(y * width)..<((y + 1) * width)] }

  /// Writes one line of text from a column on, within `limit` cells, and returns the column after it.
  ///
  /// Controls and invisible formatting are dropped, so that a name or a log line cannot steer the terminal.
  @discardableResult
  public mutating func put(_ text: String, _ x: Int, _ y: Int, _ style: CellStyle, limit: Int = .max) -> Int {
    let end = limit > width - x ? width : x + limit
    guard y >= 0, y < height else { return x }
    var column = x
    for scalar in glyphs.spelled(text).unicodeScalars {
      let cellCount = scalar == "\t" ? 1 : CharacterWidth.cells(of: scalar)
      if cellCount < 0 { continue }
      if cellCount == 0 {
        combine(scalar, column, y)
        continue
      }
      guard column + cellCount <= end else { break }
      if column >= 0 { set(scalar == "\t" ? " " : scalar, column, y, style, cellCount) }
      column += cellCount
    }
    return column
  }

  /// Writes spans one after another, within `limit` cells, and returns the column after them.
  @discardableResult
  public mutating func put(_ spans: [Span], _ x: Int, _ y: Int, limit: Int = .max) -> Int {
    var column = x
    for span in spans {
      guard column - x < limit else { break }
      column = put(span.text, column, y, span.style, limit: limit - (column - x))
    }
    return column
  }

  /// Blanks a rectangle.
  public mutating func fill(_ area: Rect, _ style: CellStyle, with character: Character = " ") {
    for y in max(0, area.y)..<max(max(0, area.y), min(height, area.maxY)) {
      for x in max(0, area.x)..<max(max(0, area.x), min(width, area.maxX)) {
        split(x, y)
        cells[y * width + x] = Cell(character, style: style)
      }
    }
  }

  /// Changes how a rectangle is drawn, not what stands there.
  public mutating func restyle(_ area: Rect, _ change: (CellStyle) -> CellStyle) {
    for y in max(0, area.y)..<max(max(0, area.y), min(height, area.maxY)) {
      for x in max(0, area.x)..<max(max(0, area.x), min(width, area.maxX)) {
        cells[y * width + x].style = change(cells[y * width + x].style)
      }
    }
  }

  /// The characters alone, a line a row, without blanks at the ends.
  public var text: String {
    (0..<height).map { y in
      var line = ""
      for cell in row(y) where cell.width > 0 { line.append(cell.character) }
      return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }

  private mutating func set(
    _ scalar: Unicode.Scalar, _ x: Int, _ y: Int, _ style: CellStyle, _ cellCount: Int
  ) {
    split(x, y)
    cells[y * width + x] = Cell(Character(scalar), width: UInt8(cellCount), style: style)
    guard cellCount == 2 else { return }
    split(x + 1, y)
    cells[y * width + x + 1] = Cell(" ", width: 0, style: style)
  }

  /// Blanks the other half of a wide character that is about to lose one.
  private mutating func split(_ x: Int, _ y: Int) {
    let index = y * width + x
    if cells[index].width == 2, x + 1 < width { cells[index + 1] = Cell(style: cells[index + 1].style) }
    if cells[index].width == 0, x > 0 { cells[index - 1] = Cell(style: cells[index - 1].style) }
  }

  private mutating func combine(_ mark: Unicode.Scalar, _ column: Int, _ y: Int) {
    guard column > 0, column <= width else { return }
    var index = y * width + column - 1
    if cells[index].width == 0, index > y * width { index -= 1 }
    // A terminal cell holds a few marks at most; more of them are an attack on the screen, not text.
    guard cells[index].character.unicodeScalars.count < 4 else { return }
    cells[index].character = Character(String(cells[index].character) + String(mark))
  }
}
