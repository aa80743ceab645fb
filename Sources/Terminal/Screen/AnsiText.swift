extension CellBuffer {
  /// The buffer as lines with SGR sequences, for files and pipes that end in a terminal.
  public func ansi(depth: ColorDepth) -> String {
    var result = ""
    var pens = PenCase(depth: depth)
    for y in 0..<height {
      var held = Pen.plain
      for cell in row(y) where cell.width > 0 {
        let pen = pens.pen(for: cell.style)
        result += pens.sequence(from: held, to: pen)
        held = pen
        result.append(cell.character)
      }
      result += pens.sequence(from: held, to: .plain) + "\n"
    }
    return result
  }
}
