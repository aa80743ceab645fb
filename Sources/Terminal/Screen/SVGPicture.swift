extension CellBuffer {
  /// The buffer as an SVG picture, for documents; frames, bars and Braille are shapes, so that they look the same in every font.
  public func svg(background: Color = .rgb(16, 19, 26), foreground: Color = .rgb(220, 223, 228)) -> String {
    let (pixelWidth, pixelHeight) = (width * SVGCell.width + 16, height * SVGCell.height + 16)
    // With this size a character of most monospaced fonts is as wide as a cell.
    var result = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(pixelWidth)" height="\(pixelHeight)" \
      viewBox="0 0 \(pixelWidth) \(pixelHeight)" font-family="'DejaVu Sans Mono', Menlo, Consolas, monospace" \
      font-size="13.29">
      <rect width="100%" height="100%" fill="\(SVGRun.color(background, background))"/>

      """
    // Without a frame before, the runs are all there is.
    for run in runs(since: nil) {
      result += SVGRun(run: run, foreground: foreground, background: background).elements
    }
    return result + "</svg>\n"
  }
}

/// A run of cells of one style as elements.
private struct SVGRun {
  let run: CellRun
  let foreground: Color
  let background: Color

  var elements: String {
    let behind = isReversed ? Self.color(run.style.foreground, foreground) : own(run.style.background)
    var result = ""
    if behind != own(background) {
      let (x, y) = (SVGCell.x(run.x), SVGCell.y(run.y))
      let width = CharacterWidth.cells(of: run.text) * SVGCell.width
      result +=
        #"<rect x="\#(x)" y="\#(y)" width="\#(width)" height="\#(SVGCell.height)" fill="\#(behind)"/>"#
    }
    let content = content
    if !content.isEmpty { result += "<g\(marks)>\(content)</g>" }
    return result.isEmpty ? "" : result + "\n"
  }

  private var isReversed: Bool { run.style.attributes.contains(.reverse) }

  private func own(_ color: Color) -> String { Self.color(color, background) }

  private var marks: String {
    let front = isReversed ? own(run.style.background) : Self.color(run.style.foreground, foreground)
    var marks = #" fill="\#(front)" stroke-width="0" stroke="\#(front)""#
    if run.style.attributes.contains(.bold) { marks += #" font-weight="bold""# }
    if run.style.attributes.contains(.dim) { marks += #" opacity="0.7""# }
    if run.style.attributes.contains(.underline) { marks += #" text-decoration="underline""# }
    return marks
  }

  /// Words at their cells, and shapes.
  private var content: String {
    var shapes = SVGShapes()
    var words = ""
    var word = (text: "", column: 0)
    func finish() {
      guard !word.text.isEmpty else { return }
      let width = CharacterWidth.cells(of: word.text) * SVGCell.width
      let length = word.text.count > 1 ? #" textLength="\#(width)""# : ""
      let (x, y) = (SVGCell.x(word.column), SVGCell.y(run.y) + 13)
      words += #"<text x="\#(x)" y="\#(y)"\#(length)>\#(Self.escaped(word.text))</text>"#
      word.text = ""
    }
    var column = run.x
    for character in run.text {
      let isShape = character == " " || shapes.add(character, column: column, row: run.y)
      // What other fonts may have to lend stands alone, so that its width moves nothing else.
      if isShape || !character.isASCII { finish() }
      if !isShape {
        if word.text.isEmpty { word.column = column }
        word.text.append(character)
        if !character.isASCII { finish() }
      }
      column += CharacterWidth.cells(of: String(character))
    }
    finish()
    return words + shapes.elements
  }

  static func color(_ color: Color, _ fallback: Color) -> String {
    guard case .rgb(let red, let green, let blue) = color == .terminal ? fallback : color else {
      return "none"
    }
    let digits = [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    return "#" + digits.joined()
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
