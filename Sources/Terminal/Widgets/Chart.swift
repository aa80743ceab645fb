/// A filled chart of the latest samples, the newest at the right; a sample that is not known stays blank.
public struct Chart: Sendable {
  /// Samples, oldest first; nil where nothing was known.
  public var samples: [Double?]
  /// The value of the full height; nil takes a round number above the largest sample shown.
  public var top: Double?
  /// Colours from the foot to the top.
  public var gradient: Gradient
  /// The style of everything else.
  public var base: CellStyle
  /// A value to draw a dashed line at, such as an objective.
  public var mark: Double?
  /// The style of that line.
  public var markStyle: CellStyle

  /// Describes a chart.
  public init(
    _ samples: [Double?], top: Double? = nil, gradient: Gradient, base: CellStyle, mark: Double? = nil,
    markStyle: CellStyle = CellStyle()
  ) {
    self.samples = samples
    self.top = top
    self.gradient = gradient
    self.base = base
    self.mark = mark
    self.markStyle = markStyle
  }

  /// How many samples a chart of `columns` shows.
  public static func sampleCount(columns: Int, _ resolution: GlyphSet.Resolution) -> Int {
    resolution == .braille ? 2 * columns : columns
  }

  /// Draws into `area`; one row becomes a line of steps.
  public func draw(in buffer: inout CellBuffer, _ area: Rect) {
    guard !area.isEmpty else { return }
    let perCell = area.height > 1 && buffer.glyphs.resolution == .braille ? 2 : 1
    let shown = Array(samples.suffix(area.width * perCell))
    let top = top ?? Self.roundTop(shown.compactMap(\.self).max() ?? 0)
    if let mark, area.height > 1, mark <= top { drawMark(mark / top, in: &buffer, area) }
    let first = area.maxX - (shown.count + perCell - 1) / perCell
    let padded = Array(repeating: nil, count: shown.count % perCell) + shown
    for column in 0..<(padded.count / perCell) {
      let values = padded[(column * perCell)..<((column + 1) * perCell)].map { $0.map { $0 / top } }
      drawColumn(values, in: &buffer, first + column, area)
    }
  }

  /// The least of 1, 2, 5 times a power of ten that is not below `value`; 1 for nothing.
  public static func roundTop(_ value: Double) -> Double {
    guard value > 0, value.isFinite else { return 1 }
    var unit = 1.0
    while unit > value { unit /= 10 }
    while unit * 10 <= value { unit *= 10 }
    for factor in [1.0, 2, 5] where unit * factor >= value { return unit * factor }
    return unit * 10
  }

  private func drawMark(_ share: Double, in buffer: inout CellBuffer, _ area: Rect) {
    let y = area.maxY - 1 - min(area.height - 1, Int(share * Double(area.height)))
    for x in stride(from: area.x, to: area.maxX, by: 2) {
      buffer.put(String(buffer.glyphs.dash), x, y, markStyle)
    }
  }

  private func drawColumn(_ values: [Double?], in buffer: inout CellBuffer, _ x: Int, _ area: Rect) {
    let steps = stepsPerCell(buffer.glyphs, rows: area.height)
    // A known value shows at least its foot, so that nothing known looks different from zero.
    let most = Double(area.height * steps)
    let heights = values.map { $0.map { Int(max(1, min(most, ($0 * most).rounded()))) } }
    for row in 0..<area.height {
      let filled = heights.map { $0.map { max(0, min(steps, $0 - row * steps)) } ?? 0 }
      guard filled.contains(where: { $0 > 0 }) else { break }
      let share =
        area.height == 1 ? (values.compactMap(\.self).max() ?? 0) : Double(row + 1) / Double(area.height)
      let style = base.colored(gradient.color(at: share))
      buffer.put(String(glyph(filled, buffer.glyphs)), x, area.maxY - 1 - row, style)
    }
  }

  private func stepsPerCell(_ glyphs: GlyphSet, rows: Int) -> Int {
    rows > 1 && glyphs.resolution == .braille ? 4 : glyphs.resolution == .plain && rows > 1 ? 3 : 8
  }

  private func glyph(_ filled: [Int], _ glyphs: GlyphSet) -> Character {
    if filled.count == 2 { return Braille.bars(left: filled[0], right: filled[1]) }
    if glyphs.resolution == .plain, filled[0] <= 3 { return [" ", ".", ":", "#"][filled[0]] }
    return glyphs.steps[filled[0] - 1]
  }
}

/// Characters of 2 × 4 dots.
public enum Braille {
  /// Two bars of 0 to 4 dots from the foot.
  public static func bars(left: Int, right: Int) -> Character {
    let lefts: [UInt32] = [0, 0x40, 0x44, 0x46, 0x47]
    let rights: [UInt32] = [0, 0x80, 0xa0, 0xb0, 0xb8]
    let value = 0x2800 + lefts[min(max(left, 0), 4)] + rights[min(max(right, 0), 4)]
    return Unicode.Scalar(value).map(Character.init) ?? " "
  }
}
