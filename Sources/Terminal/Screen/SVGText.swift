extension CellBuffer {
  /// The buffer as an SVG picture, for documents: one text element a run, cells of 8 by 17 pixels.
  public func svg(background: Color = .rgb(16, 19, 26), foreground: Color = .rgb(220, 223, 228)) -> String {
    let (cellWidth, cellHeight) = (8, 17)
    let (pixelWidth, pixelHeight) = (width * cellWidth + 16, height * cellHeight + 16)
    var result = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(pixelWidth)" height="\(pixelHeight)" \
      viewBox="0 0 \(pixelWidth) \(pixelHeight)" font-family="'DejaVu Sans Mono', Menlo, Consolas, monospace" \
      font-size="13">
      <rect width="100%" height="100%" fill="\(SVG.color(background, background))"/>

      """
    // Without a frame before, the runs are all there is.
    for run in runs(since: nil) {
      result += SVG.run(
        run, x: 8 + run.x * cellWidth, y: 8 + run.y * cellHeight, cellWidth, cellHeight, foreground,
        background)
    }
    return result + "</svg>\n"
  }
}

private enum SVG {
  static func color(_ color: Color, _ fallback: Color) -> String {
    guard case .rgb(let red, let green, let blue) = color == .terminal ? fallback : color else {
      return "none"
    }
    let digits = [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    return "#" + digits.joined()
  }

  static func run(
    _ run: CellRun, x: Int, y: Int, _ cellWidth: Int, _ cellHeight: Int, _ foreground: Color,
    _ background: Color
  ) -> String {
    let isReversed = run.style.attributes.contains(.reverse)
    let front = isReversed ? color(run.style.background, background) : color(run.style.foreground, foreground)
    let behind =
      isReversed ? color(run.style.foreground, foreground) : color(run.style.background, background)
    let cells = CharacterWidth.cells(of: run.text)
    var result = ""
    if behind != color(background, background) {
      result +=
        #"<rect x="\#(x)" y="\#(y)" width="\#(cells * cellWidth)" height="\#(cellHeight)" fill="\#(behind)"/>"#
    }
    guard run.text.contains(where: { $0 != " " }) else { return result.isEmpty ? "" : result + "\n" }
    var marks = run.style.attributes.contains(.bold) ? #" font-weight="bold""# : ""
    if run.style.attributes.contains(.dim) { marks += #" opacity="0.7""# }
    if run.style.attributes.contains(.underline) { marks += #" text-decoration="underline""# }
    result +=
      #"<text x="\#(x)" y="\#(y + 13)" textLength="\#(cells * cellWidth)" fill="\#(front)"\#(marks) xml:space="preserve">"#
    return result + escaped(run.text) + "</text>\n"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
