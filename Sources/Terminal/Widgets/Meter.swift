/// A bar of how much of something is in use.
public struct Meter: Sendable {
  /// The share, from 0 to 1; nil when it is not known.
  public var share: Double?
  /// Colours from empty to full.
  public var gradient: Gradient
  /// The style of the rest.
  public var base: CellStyle

  /// Describes a bar.
  public init(_ share: Double?, gradient: Gradient, base: CellStyle) {
    self.share = share
    self.gradient = gradient
    self.base = base
  }

  /// Draws `width` cells.
  public func draw(in buffer: inout CellBuffer, _ x: Int, _ y: Int, width: Int) {
    let glyphs = buffer.glyphs
    guard let share else {
      buffer.put(String(repeating: " ", count: max(0, width)), x, y, base)
      return
    }
    let filled = Self.filled(share, width)
    for column in 0..<max(0, width) {
      let isFull = column < filled
      let color = gradient.color(at: Double(column + 1) / Double(width))
      buffer.put(
        String(isFull ? glyphs.meterFull : glyphs.meterEmpty), x + column, y,
        isFull ? base.colored(color) : base)
    }
  }

  /// Filled cells: nearest, but never none for something nor all for less than everything.
  static func filled(_ share: Double, _ width: Int) -> Int {
    guard share > 0, width > 0, !share.isNaN else { return 0 }
    guard share < 1 else { return width }
    return min(max(1, width - 1), max(1, Int((share * Double(width)).rounded())))
  }
}
