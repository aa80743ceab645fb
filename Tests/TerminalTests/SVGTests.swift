import Terminal
import Testing

@Suite struct `A picture of cells` {
  private func picture(_ text: String) -> String {
    var buffer = CellBuffer(width: 40, height: 3, style: CellStyle(), glyphs: .braille)
    buffer.put(text, 2, 1, CellStyle())
    return buffer.svg()
  }

  @Test func `has every word at its cell, and characters of other fonts alone`() {
    let svg = picture("dp0 is▸<up>")
    #expect(svg.contains(#"<text x="24" y="38" textLength="24">dp0</text>"#), "\(svg)")
    #expect(
      svg.contains(#"<text x="56" y="38" textLength="16">is</text><text x="72" y="38">▸</text>"#), "\(svg)")
    #expect(svg.contains(#"<text x="80" y="38" textLength="32">&lt;up&gt;</text>"#), "\(svg)")
  }

  @Test(arguments: [GlyphSet.braille, .blocks])
  func `has frames, bars and dots as shapes that every font would draw otherwise`(glyphs: GlyphSet) {
    let bars = (0...4).map { Braille.bars(left: $0, right: 4 - $0) }
    let shapes =
      glyphs.corners + glyphs.steps + [glyphs.horizontal, glyphs.vertical, glyphs.dash]
      + [glyphs.meterFull, glyphs.meterEmpty] + bars
    for shape in shapes {
      let svg = picture(String(shape))
      #expect(svg.contains("<path") && !svg.contains("<text"), "\(shape)")
    }
  }

  @Test func `draws frames to the edges of their cells, where they meet`() {
    #expect(picture("─").contains("M24 33.5H32") && picture("│").contains("M28 25V42"))
  }
}
