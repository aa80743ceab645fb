/// Turns frames into what a terminal has to be sent for them: what differs from the last one, by the shortest moves of the
/// cursor and changes of the pen.
struct FrameWriter {
  private struct Place: Equatable {
    var x: Int
    var y: Int
  }

  private var pens: PenCase
  private var shown: CellBuffer?
  private var held = Pen.plain
  /// Where the cursor is; nil where terminals differ about that.
  private var cursor: Place?
  private var output: [UInt8] = []

  init(depth: ColorDepth, isBrightBold: Bool = false) {
    pens = PenCase(depth: depth, isBrightBold: isBrightBold)
  }

  /// Forgets what is shown and how, as after somebody else wrote to the terminal.
  mutating func forget() { shown = nil }

  /// What to send to have a terminal show `frame`.
  mutating func bytes(for frame: CellBuffer) -> [UInt8] {
    output.removeAll(keepingCapacity: true)
    let old: CellBuffer
    if let shown, shown.width == frame.width, shown.height == frame.height {
      old = shown
    } else {
      put("\u{1b}[m\u{1b}[H\u{1b}[2J")
      held = .plain
      cursor = Place(x: 0, y: 0)
      old = CellBuffer(width: frame.width, height: frame.height)
    }
    for run in frame.runs(since: old) { write(run, of: frame) }
    shown = frame
    return output
  }

  private mutating func write(_ run: CellRun, of frame: CellBuffer) {
    move(to: Place(x: run.x, y: run.y), in: frame)
    set(pens.pen(for: run.style))
    put(run.text)
    let end = run.x + run.text.unicodeScalars.count
    // Terminals differ about the width of some characters, and about where the cursor is behind the last column.
    let isNarrow = run.text.unicodeScalars.allSatisfy { CharacterWidth.cells(of: $0) == 1 }
    cursor = isNarrow && end < frame.width ? Place(x: end, y: run.y) : nil
  }

  private mutating func move(to place: Place, in frame: CellBuffer) {
    guard cursor != place else { return }
    guard let from = cursor, from.y == place.y, from.x < place.x else {
      return put("\u{1b}[\(place.y + 1);\(place.x + 1)H")
    }
    let gap = place.x - from.x
    let sequence = gap == 1 ? "\u{1b}[C" : "\u{1b}[\(gap)C"
    if gap < sequence.utf8.count, let text = plainText(from, gap, in: frame) {
      put(text)
    } else {
      put(sequence)
    }
  }

  /// What stands in cells that are drawn with the pen in use, where that is ASCII: to write it again may be shorter than
  /// to step over it.
  private mutating func plainText(_ place: Place, _ count: Int, in frame: CellBuffer) -> String? {
    var text = ""
    for x in place.x..<place.x + count {
      let cell = frame[x, place.y]
      guard cell.character.isASCII, pens.pen(for: cell.style) == held else { return nil }
      text.append(cell.character)
    }
    return text
  }

  private mutating func set(_ pen: Pen) {
    put(pens.sequence(from: held, to: pen))
    held = pen
  }

  private mutating func put(_ text: String) { output += text.utf8 }
}
