import Console
import ControlAPI
import Glibc
import Terminal
import Testing

/// Screens as they must look, kept as text; `UPDATE_GOLDEN=1 swift test` writes them anew.
@Suite struct `Screens` {
  private static let sizes = [(80, 24), (120, 40), (160, 48), (40, 12), (200, 60)]

  @Test(arguments: sizes) func `of the overview look as agreed`(width: Int, height: Int) throws {
    let state = Fixture.state(width: width, height: height)
    try compare(state, "overview-\(width)x\(height)")
  }

  @Test(arguments: ScreenKind.allCases) func `of every kind look as agreed`(kind: ScreenKind) throws {
    var state = Fixture.state(width: 80, height: 24)
    state.screen = kind
    try compare(state, "\(kind)-80x24")
  }

  @Test func `in ASCII hold nothing else`() throws {
    var state = Fixture.state(width: 80, height: 24)
    try compare(state, "overview-ascii-80x24", glyphs: .ascii)
    for kind in ScreenKind.allCases {
      state.screen = kind
      for height in [4, 12, 24, 48] {
        state.height = height
        state.width = height * 3
        let text = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .ascii).text
        #expect(text.utf8.allSatisfy { $0 < 0x80 })
      }
    }
  }

  @Test func `of questions look as agreed`() throws {
    var state = Fixture.state(width: 80, height: 24)
    for key in "Dmo" { _ = state.update(.input(.key(.character(key), [])), at: Fixture.now) }
    try compare(state, "delete-80x24")
  }

  @Test func `dim what is old and say how old`() throws {
    var state = Fixture.state(width: 80, height: 24)
    _ = state.update(.lost(ControlError(code: "timeout", message: "no answer")), at: Fixture.now + 12)
    try compare(state, "stale-80x24")
  }

  @Test func `are drawn at any size without a fault`() {
    for kind in ScreenKind.allCases {
      for width in [0, 1, 2, 19, 20, 40, 59, 60, 99, 100, 139, 140, 400] {
        for height in [0, 1, 3, 4, 5, 7, 12, 19, 20, 34, 40, 100] {
          var state = Fixture.state(width: width, height: height)
          state.screen = kind
          state.isHelpShown = width % 2 == 0
          let frame = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille)
          #expect(frame.width == width && frame.height == height)
        }
      }
    }
  }

  private func compare(_ state: ConsoleState, _ name: String, glyphs: GlyphSet = .braille) throws {
    let text = ConsoleRenderer.render(state, theme: .monochrome, glyphs: glyphs).text + "\n"
    let folder = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/Golden"
    let path = "\(folder)/\(name).txt"
    if getenv("UPDATE_GOLDEN") != nil {
      let file = try #require(fopen(path, "w"))
      fputs(text, file)
      fclose(file)
    }
    let file = try #require(fopen(path, "r"), "\(path) is missing; UPDATE_GOLDEN=1 writes it")
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 18)
    let count = fread(&bytes, 1, bytes.count, file)
    let golden = String(decoding: bytes.prefix(count), as: UTF8.self)
    #expect(text == golden, "\(name) differs:\n\(text)")
  }
}
