/// A box in the middle of the screen that wants an answer.
public struct Dialog: Sendable {
  /// Its head.
  public var title: String
  /// What it says, line by line.
  public var lines: [[Span]]
  /// A line to type into, if it wants one.
  public var field: TextField?
  /// What the keys do, in its last line.
  public var footer: [Span]

  /// Describes a dialog.
  public init(title: String, lines: [[Span]], field: TextField? = nil, footer: [Span]) {
    self.title = title
    self.lines = lines
    self.field = field
    self.footer = footer
  }

  /// Draws it over what is there; it takes the cells it needs, as far as there are any.
  ///
  /// - Returns: where its last line stands.
  @discardableResult
  public func draw(
    in buffer: inout CellBuffer, text: CellStyle, border: CellStyle, heading: CellStyle
  ) -> Rect {
    func cells(_ spans: [Span]) -> Int {
      spans.reduce(0) { $0 + CharacterWidth.cells(of: buffer.glyphs.spelled($1.text)) }
    }
    let longest = (lines + [footer, [Span(title, heading)]]).map(cells).max() ?? 0
    let width = min(buffer.width, max(24, longest + 4))
    let height = min(buffer.height, lines.count + (field == nil ? 0 : 1) + 4)
    let area = Rect(
      x: (buffer.width - width) / 2, y: (buffer.height - height) / 2, width: width, height: height)
    buffer.fill(area, text)
    var inside = Box(title: [Span(title, heading)], border: border).draw(in: &buffer, area).inset(1, 0)
    let last = inside.takeBottom(1)
    for line in lines.prefix(inside.height) {
      buffer.put(line, inside.x, inside.takeTop(1).y, limit: inside.width)
    }
    if let field {
      let row = inside.takeTop(1)
      field.draw(in: &buffer, row.x, row.y, width: row.width, text.adding(.underline))
    }
    buffer.put(footer, last.x, last.y, limit: last.width)
    return last
  }
}
