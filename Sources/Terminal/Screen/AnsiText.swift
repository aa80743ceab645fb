extension CellBuffer {
  /// The buffer as lines with SGR sequences, for files and pipes that end in a terminal.
  public func ansi(depth: ColorDepth) -> String {
    var result = ""
    var resolved = SGRCache(depth: depth)
    for y in 0..<height {
      var style = CellStyle()
      for cell in row(y) where cell.width > 0 {
        if cell.style != style {
          result += resolved.sequence(cell.style)
          style = cell.style
        }
        result.append(cell.character)
      }
      if style != CellStyle() { result += "\u{1b}[0m" }
      result += "\n"
    }
    return result
  }
}

/// Sequences by style: a screen has few styles, and looking one up in the palette is not cheap.
private struct SGRCache {
  let depth: ColorDepth
  private var known: [CellStyle: String] = [:]

  init(depth: ColorDepth) { self.depth = depth }

  mutating func sequence(_ style: CellStyle) -> String {
    if let text = known[style] { return text }
    var codes = ["0"]
    if style.attributes.contains(.bold) { codes.append("1") }
    if style.attributes.contains(.dim) { codes.append("2") }
    if style.attributes.contains(.underline) { codes.append("4") }
    if style.attributes.contains(.reverse) { codes.append("7") }
    codes += Self.code(depth.resolve(style.foreground), base: 30)
    codes += Self.code(depth.resolve(style.background, isBackground: true), base: 40)
    let text = "\u{1b}[\(codes.joined(separator: ";"))m"
    known[style] = text
    return text
  }

  private static func code(_ color: ResolvedColor, base: Int) -> [String] {
    switch color {
    case .terminal: []
    case .index(let slot) where slot < 8: ["\(base + Int(slot))"]
    case .index(let slot) where slot < 16: ["\(base + 60 + Int(slot) - 8)"]
    case .index(let slot): ["\(base + 8);5;\(slot)"]
    case .rgb(let red, let green, let blue): ["\(base + 8);2;\(red);\(green);\(blue)"]
    }
  }
}
