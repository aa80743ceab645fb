/// A rectangle of terminal cells; columns and rows count from 0.
public struct Rect: Sendable, Hashable {
  /// The first column.
  public var x: Int
  /// The first row.
  public var y: Int
  /// Columns, never negative.
  public var width: Int
  /// Rows, never negative.
  public var height: Int

  /// Makes a rectangle; a negative extent becomes 0.
  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = max(0, width)
    self.height = max(0, height)
  }

  /// Whether it holds no cell.
  public var isEmpty: Bool { width == 0 || height == 0 }

  /// The column after the last.
  public var maxX: Int { x + width }
  /// The row after the last.
  public var maxY: Int { y + height }

  /// Whether a cell lies inside.
  public func contains(_ column: Int, _ row: Int) -> Bool {
    column >= x && column < maxX && row >= y && row < maxY
  }

  /// The rectangle without a margin on each side.
  public func inset(_ horizontal: Int, _ vertical: Int) -> Rect {
    Rect(x: x + horizontal, y: y + vertical, width: width - 2 * horizontal, height: height - 2 * vertical)
  }

  /// Cuts rows off the top.
  public mutating func takeTop(_ rows: Int) -> Rect {
    let rows = min(max(0, rows), height)
    defer {
      y += rows
      height -= rows
    }
    return Rect(x: x, y: y, width: width, height: rows)
  }

  /// Cuts rows off the bottom.
  public mutating func takeBottom(_ rows: Int) -> Rect {
    let rows = min(max(0, rows), height)
    height -= rows
    return Rect(x: x, y: maxY, width: width, height: rows)
  }

  /// Cuts columns off the right.
  public mutating func takeRight(_ columns: Int) -> Rect {
    let columns = min(max(0, columns), width)
    width -= columns
    return Rect(x: maxX, y: y, width: columns, height: height)
  }

  /// Columns side by side, as even as they come; the first ones take what is left over.
  public func columns(_ count: Int) -> [Rect] {
    precondition(count > 0, "a row of no columns")
    var left = x
    return (0..<count).map { index in
      let share = width / count + (index < width % count ? 1 : 0)
      defer { left += share }
      return Rect(x: left, y: y, width: share, height: height)
    }
  }
}
