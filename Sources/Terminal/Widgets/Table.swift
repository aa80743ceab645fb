/// A column of a table.
public struct Column: Sendable, Hashable {
  /// How cells stand.
  public enum Alignment: Sendable, Hashable {
    /// Text.
    case left
    /// Numbers.
    case right
  }

  /// Its head.
  public var title: String
  /// The cells it needs.
  public var width: Int
  /// Its share of the cells that are left over; 0 keeps to its width.
  public var stretch: Int
  /// How its cells stand.
  public var alignment: Alignment

  /// Describes a column.
  public init(_ title: String, _ width: Int, stretch: Int = 0, _ alignment: Alignment = .left) {
    self.title = title
    self.width = width
    self.stretch = stretch
    self.alignment = alignment
  }

  /// Where columns stand in `area`, one cell apart; those that do not fit any more get no rectangle.
  public static func place(_ columns: [Column], in area: Rect) -> [Rect] {
    let needed = columns.reduce(0) { $0 + $1.width } + max(0, columns.count - 1)
    let stretches = columns.reduce(0) { $0 + $1.stretch }
    let surplus = max(0, area.width - needed)
    var x = area.x
    return columns.map { column in
      let extra = stretches == 0 ? 0 : surplus * column.stretch / stretches
      let width = min(column.width + extra, max(0, area.maxX - x))
      defer { x += width + 1 }
      return Rect(x: x, y: area.y, width: width, height: area.height)
    }
  }

  /// Writes `spans` into a cell of this column.
  public func write(_ spans: [Span], in buffer: inout CellBuffer, _ place: Rect, row: Int) {
    var x = place.x
    if alignment == .right {
      let width = spans.reduce(0) { $0 + CharacterWidth.cells(of: buffer.glyphs.spelled($1.text)) }
      x += max(0, place.width - width)
    }
    buffer.put(spans, x, row, limit: place.maxX - x)
  }
}

/// Which rows of a long list are seen, and which one is chosen.
///
/// Only the rows in sight are ever rendered, so a list may be of any length.
public struct ListView: Sendable, Hashable {
  /// The chosen row.
  public var selection: Int
  /// The first row in sight.
  public var offset: Int

  /// Starts at the first row.
  public init(selection: Int = 0, offset: Int = 0) {
    self.selection = selection
    self.offset = offset
  }

  /// Moves the choice, staying among `count` rows.
  public mutating func move(by steps: Int, count: Int) {
    let (sum, overflow) = selection.addingReportingOverflow(steps)
    selection = overflow ? (steps < 0 ? 0 : count - 1) : sum
    selection = min(max(0, selection), max(0, count - 1))
  }

  /// The rows in sight of a list of `count` on `height` rows, the choice among them.
  public func visible(count: Int, height: Int) -> Range<Int> {
    guard count > 0, height > 0 else { return 0..<0 }
    let chosen = min(max(0, selection), count - 1)
    var first = min(max(0, offset), max(0, count - height))
    if chosen < first { first = chosen }
    if chosen >= first + height { first = chosen - height + 1 }
    return first..<min(count, first + height)
  }

  /// Keeps the choice among `count` rows and in sight on `height` rows.
  public mutating func settle(count: Int, height: Int) {
    selection = min(max(0, selection), max(0, count - 1))
    offset = visible(count: count, height: height).lowerBound
  }
}
