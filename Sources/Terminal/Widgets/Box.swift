/// A frame with titles in its lines, as btop draws them.
public struct Box: Sendable {
  /// Set into the top line, from the left.
  public var title: [Span]
  /// Set into the top line, from the right.
  public var trailing: [Span]
  /// The frame's style.
  public var border: CellStyle

  /// Describes a frame.
  public init(title: [Span] = [], trailing: [Span] = [], border: CellStyle) {
    self.title = title
    self.trailing = trailing
    self.border = border
  }

  /// Draws the frame into `area` and returns what lies inside it; titles that do not fit are cut.
  @discardableResult
  public func draw(in buffer: inout CellBuffer, _ area: Rect) -> Rect {
    guard area.width >= 2, area.height >= 2 else { return Rect(x: area.x, y: area.y, width: 0, height: 0) }
    let glyphs = buffer.glyphs
    let line = String(repeating: glyphs.horizontal, count: area.width - 2)
    buffer.put("\(glyphs.corners[0])\(line)\(glyphs.corners[1])", area.x, area.y, border)
    buffer.put("\(glyphs.corners[3])\(line)\(glyphs.corners[2])", area.x, area.maxY - 1, border)
    for y in (area.y + 1)..<(area.maxY - 1) {
      buffer.put(String(glyphs.vertical), area.x, y, border)
      buffer.put(String(glyphs.vertical), area.maxX - 1, y, border)
    }
    drawTitles(in: &buffer, area)
    return area.inset(1, 1)
  }

  private func drawTitles(in buffer: inout CellBuffer, _ area: Rect) {
    let room = area.width - 4
    var used = 0
    if !title.isEmpty, room > 2 {
      let end = buffer.put([Span(" ", border)] + title, area.x + 2, area.y, limit: room - 1)
      buffer.put(" ", end, area.y, border)
      used = end + 1 - area.x - 2
    }
    let width = trailing.reduce(2) { $0 + CharacterWidth.cells(of: buffer.glyphs.spelled($1.text)) }
    guard width > 2, width <= room - used else { return }
    buffer.put(
      [Span(" ", border)] + trailing + [Span(" ", border)], area.maxX - 2 - width, area.y, limit: width)
  }
}
