import Randomness
import Terminal
import Testing

@Suite struct `A cell buffer` {
  private let plain = CellStyle()

  @Test func `clips what does not fit, on every side`() {
    var buffer = CellBuffer(width: 5, height: 2)
    buffer.put("abcdefgh", -2, 0, plain)
    buffer.put("x", 9, 1, plain)
    buffer.put("y", 0, -1, plain)
    buffer.fill(Rect(x: -3, y: 1, width: 100, height: 100), plain, with: "#")
    #expect(buffer.text == "cdefg\n#####")
  }

  @Test func `gives wide characters two cells and never half of one`() {
    var buffer = CellBuffer(width: 5, height: 1)
    #expect(buffer.put("漢字漢", 0, 0, plain) == 4)
    #expect(buffer.text == "漢字")
    buffer.put("x", 1, 0, plain)
    #expect(buffer.text == " x字")
    buffer.put("y", 2, 0, plain)
    #expect(buffer.text == " xy")
  }

  @Test func `sets marks on the character before and bounds their number`() {
    var buffer = CellBuffer(width: 4, height: 1)
    #expect(buffer.put("e\u{301}x" + String(repeating: "\u{300}", count: 50), 0, 0, plain) == 2)
    #expect(buffer[0, 0].character == "e\u{301}" && buffer[1, 0].character.unicodeScalars.count == 4)
  }

  @Test func `lets no control reach the terminal`() {
    var buffer = CellBuffer(width: 20, height: 1)
    buffer.put("a\u{1b}[31mb\u{202e}c\r\nd\u{9b}\te", 0, 0, plain)
    #expect(buffer.text == "a[31mbcd e")
  }

  @Test func `spells text in ASCII where that is all there is`() {
    var buffer = CellBuffer(width: 20, height: 1, glyphs: .ascii)
    buffer.put("p50 – 3 → é", 0, 0, plain)
    #expect(buffer.text == "p50 - 3 -> ?")
  }

  @Test func `tells a terminal exactly what changed`() {
    for seed in UInt64(1)...200 {
      var random = SplitMix(seed: seed)
      let old = scribble(CellBuffer(width: 17, height: 4), &random)
      let new = scribble(old, &random)
      var terminal = old
      for run in new.runs(since: old) { terminal.put(run.text, run.x, run.y, run.style) }
      #expect(terminal == new, "seed \(seed)")
      var empty = CellBuffer(width: 17, height: 4, style: CellStyle(.rgb(1, 2, 3)))
      for run in new.runs(since: nil) { empty.put(run.text, run.x, run.y, run.style) }
      #expect(empty == new, "seed \(seed)")
    }
  }

  @Test func `sends nothing when nothing changed`() {
    var random = SplitMix(seed: 7)
    let frame = scribble(CellBuffer(width: 30, height: 5), &random)
    #expect(frame.runs(since: frame).isEmpty)
  }

  private func scribble(_ buffer: CellBuffer, _ random: inout SplitMix) -> CellBuffer {
    var buffer = buffer
    let words = ["abc", "漢字", "e\u{301}", " ", "⣿⣿"]
    for _ in 0..<6 {
      let style = CellStyle(.rgb(UInt8(random.next() % 3), 0, 0))
      buffer.put(
        words[Int(random.next() % 5)], Int(random.next() % 17), Int(random.next() % 4), style)
    }
    return buffer
  }
}

@Suite struct `A rectangle` {
  @Test func `is cut without losing or sharing a cell`() {
    for width in 0...30 {
      let columns = Rect(x: 3, y: 0, width: width, height: 2).columns(4)
      #expect(columns.map(\.width).reduce(0, +) == width)
      #expect(zip(columns, columns.dropFirst()).allSatisfy { $0.maxX == $1.x })
    }
    var rest = Rect(x: 0, y: 0, width: 10, height: 5)
    #expect(rest.takeTop(2) == Rect(x: 0, y: 0, width: 10, height: 2))
    #expect(rest.takeBottom(9) == Rect(x: 0, y: 2, width: 10, height: 3))
    #expect(rest.isEmpty)
  }
}
