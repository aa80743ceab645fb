import Testing

@testable import Terminal

@Suite struct `Widgets` {
  private let plain = CellStyle()
  private let flat = Gradient(.terminal)

  @Test func `frame with titles in the lines`() {
    var buffer = CellBuffer(width: 20, height: 3)
    let inside = Box(title: [Span("queue", plain)], trailing: [Span("37", plain)], border: plain)
      .draw(in: &buffer, buffer.bounds)
    #expect(buffer.text == "╭─ queue ───── 37 ─╮\n│                  │\n╰──────────────────╯")
    #expect(inside == Rect(x: 1, y: 1, width: 18, height: 1))
  }

  @Test(arguments: [0, 1, 2, 5, 8]) func `frames of any size stay inside`(width: Int) {
    for height in 0...4 {
      var buffer = CellBuffer(width: 10, height: 5)
      Box(title: [Span("a long title", plain)], trailing: [Span("more", plain)], border: plain)
        .draw(in: &buffer, Rect(x: 1, y: 1, width: width, height: height))
      let outside = CellBuffer(width: 10, height: 5)
      for y in 0..<5 {
        for x in 0..<10 where !Rect(x: 1, y: 1, width: width, height: height).contains(x, y) {
          #expect(buffer[x, y] == outside[x, y])
        }
      }
    }
  }

  @Test func `chart two samples a cell in Braille, the newest at the right`() {
    var buffer = CellBuffer(width: 3, height: 2)
    Chart([0, 4, 8], top: 8, gradient: flat, base: plain).draw(in: &buffer, buffer.bounds)
    #expect(buffer.text == "  ⢸\n ⢀⣿")
  }

  @Test func `show an unknown sample as a gap and zero as the foot`() {
    var buffer = CellBuffer(width: 4, height: 1)
    Chart([1, nil, 0, 1], top: 1, gradient: flat, base: plain).draw(in: &buffer, buffer.bounds)
    #expect(buffer.text == "█ ▁█")
  }

  @Test func `chart in plain characters`() {
    var buffer = CellBuffer(width: 4, height: 2, glyphs: .ascii)
    Chart([1, 3, 5, 6], top: 6, gradient: flat, base: plain).draw(in: &buffer, buffer.bounds)
    #expect(buffer.text == "  :#\n.###")
  }

  @Test(arguments: [(0.0, 1.0), (0.7, 1), (1, 1), (1.1, 2), (3, 5), (7, 10), (412.6, 500), (0.003, 0.005)])
  func `scale charts to round numbers`(value: Double, top: Double) {
    #expect(abs(Chart.roundTop(value) - top) < 1e-9)
  }

  @Test(arguments: [(0.0, 0), (0.001, 1), (0.5, 4), (0.99, 7), (1.0, 8), (1.7, 8)])
  func `fill meters honestly near the ends`(share: Double, cells: Int) {
    #expect(Meter.filled(share, 8) == cells)
  }

  @Test func `keep the chosen row in sight of a long list`() {
    var list = ListView()
    list.move(by: 999, count: 1000)
    list.settle(count: 1000, height: 10)
    #expect(list.visible(count: 1000, height: 10) == 990..<1000)
    list.move(by: -5, count: 1000)
    #expect(list.visible(count: 1000, height: 10) == 990..<1000)
    list.settle(count: 3, height: 10)
    #expect(list.selection == 2 && list.visible(count: 3, height: 10) == 0..<3)
    list.move(by: .min, count: 3)
    list.move(by: -1, count: 3)
    #expect(list.selection == 0)
    #expect(ListView().visible(count: 0, height: 5).isEmpty)
  }

  @Test func `place columns and give what is left over to those that stretch`() {
    let columns = [Column("A", 4), Column("B", 3, stretch: 1), Column("C", 2, .right)]
    let places = Column.place(columns, in: Rect(x: 1, y: 0, width: 20, height: 1))
    #expect(places.map(\.x) == [1, 6, 19] && places.map(\.width) == [4, 12, 2])
    let tight = Column.place(columns, in: Rect(x: 0, y: 0, width: 6, height: 1))
    #expect(tight.map(\.width) == [4, 1, 0])
  }

  @Test func `edit a line of text`() {
    var field = TextField("ab", limit: 5)
    for event in [
      InputEvent.key(.left, []), .key(.character("X"), .shift), .paste("1\n2345"), .key(.backspace, []),
    ] {
      let isTaken = field.take(event)
      #expect(isTaken)
    }
    #expect(field.text == "aX1b" && field.cursor == 3)
    let isEnterTaken = field.take(.key(.enter, []))
    #expect(!isEnterTaken)
    let cleared = field.take(.key(.character("u"), .control))
    #expect(cleared && field.text.isEmpty)
  }

  @Test func `draw a dialog over what is there, whatever the size`() {
    for (width, height) in [(40, 8), (10, 3), (1, 1), (0, 0)] {
      var buffer = CellBuffer(width: width, height: height)
      Dialog(
        title: "delete", lines: [[Span("really?", plain)]], field: TextField("x"), footer: [Span("y", plain)]
      )
      .draw(in: &buffer, text: plain, border: plain, heading: plain)
      if width == 40 { #expect(buffer.text.contains("really?") && buffer.text.contains("delete")) }
    }
  }
}
