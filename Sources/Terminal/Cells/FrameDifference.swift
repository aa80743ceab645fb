/// Cells of one row and one style that a terminal has to be sent.
public struct CellRun: Sendable, Equatable {
  /// The first column.
  public var x: Int
  /// The row.
  public var y: Int
  /// What to write.
  public var text: String
  /// How.
  public var style: CellStyle
}

extension CellBuffer {
  /// What to write to turn `shown` into this buffer; everything, when there is none of this size.
  ///
  /// A run ends behind a wide or marked character, so that a terminal of another opinion about its width is put right
  /// at once.
  public func runs(since shown: CellBuffer?) -> [CellRun] {
    let old = shown.flatMap { $0.width == width && $0.height == height ? $0 : nil }
    var result: [CellRun] = []
    for y in 0..<height {
      if let old, old.row(y) == row(y) { continue }
      appendRuns(of: y, since: old, to: &result)
    }
    return result
  }

  private func appendRuns(of y: Int, since old: CellBuffer?, to result: inout [CellRun]) {
    var open: CellRun?
    for x in 0..<width {
      let cell = self[x, y]
      if cell.width == 0 { continue }
      let isSame = if let old { shows(cell, x, y, as: old) } else { false }
      if isSame || open.map({ $0.style != cell.style }) == true {
        if let run = open { result.append(run) }
        open = nil
        if isSame { continue }
      }
      if open == nil { open = CellRun(x: x, y: y, text: "", style: cell.style) }
      open?.text.append(cell.character)
      if cell.width == 2 || cell.character.unicodeScalars.count > 1, let run = open {
        result.append(run)
        open = nil
      }
    }
    if let run = open { result.append(run) }
  }

  /// Whether a cell, and the other half of one that is wide, stands in `old` too.
  private func shows(_ cell: Cell, _ x: Int, _ y: Int, as old: CellBuffer) -> Bool {
    old[x, y] == cell && (cell.width == 1 || old[x + 1, y] == self[x + 1, y])
  }
}
