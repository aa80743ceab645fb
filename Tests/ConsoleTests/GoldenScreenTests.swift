import Console
import ControlAPI
import Glibc
import Terminal
import Testing

/// Screens as they must look, kept as text; `UPDATE_GOLDEN=1 swift test` writes them anew.
@Suite struct `Screens` {
  private static let sizes = [(80, 24), (120, 40), (160, 48), (40, 12), (200, 60)]

  @Test(arguments: ScreenKind.allCases) func `of every kind look as agreed at every size`(kind: ScreenKind)
    throws
  {
    for (width, height) in Self.sizes {
      try compare(Fixture.state(width: width, height: height, on: kind), "\(kind)-\(width)x\(height)")
    }
  }

  @Test func `of nodes with devices look as agreed`() throws {
    for (width, height) in Self.sizes {
      try compare(Fixture.stateWithDevices(width: width, height: height), "devices-\(width)x\(height)")
    }
  }

  @Test func `of a machine that no controller tells of show what it tells itself`() {
    var state = ConsoleState(now: Fixture.now, utcOffset: 0, width: 120, height: 40)
    state.screen = .nodes
    _ = state.update(.lost(ControlError(code: "unreachable", message: "no controller")), at: Fixture.now)
    _ = state.update(.machines(Fixture.machines), at: Fixture.now)
    let text = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille).text
    #expect(text.contains("no controller") && text.contains("hw_thermal") && text.contains("driver 550"))
  }

  @Test(arguments: ManifestPages.Page.allCases)
  func `of a manifest's pages look as agreed`(page: ManifestPages.Page) throws {
    for (width, height) in Self.sizes {
      var state = Fixture.state(width: width, height: height, on: .manifest)
      var effects: [ConsoleEffect] = []
      while state.pages.page != page {
        effects = state.update(.input(.key(.character("v"), [])), at: Fixture.now)
      }
      switch page {
      case .plan, .text: #expect(effects.isEmpty)
      case .diff:
        #expect(effects == [.plan(path: "moe.yaml", text: Fixture.manifestText)])
        _ = state.update(.planned(text: Fixture.manifestText, .success(Fixture.plan)), at: Fixture.now)
      case .history:
        #expect(effects == [.readRevisions(application: "moe")])
        _ = state.update(.revisions(application: "moe", .success(Fixture.revisions)), at: Fixture.now)
      }
      try compare(state, "manifest-\(page)-\(width)x\(height)")
    }
  }

  @Test func `of the text of a manifest show no secret`() {
    var state = Fixture.state(width: 120, height: 40, on: .manifest)
    _ = state.update(.input(.key(.character("v"), [])), at: Fixture.now)
    let text = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille).text
    #expect(text.contains("API_TOKEN") && !text.contains("swordfish"))
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

  @Test func `in blocks have neither Braille nor round corners`() throws {
    let state = Fixture.state(width: 80, height: 24)
    try compare(state, "overview-blocks-80x24", glyphs: .blocks)
    let text = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .blocks).text
    #expect(!text.unicodeScalars.contains { (0x2800...0x28ff).contains($0.value) } && !text.contains("╭"))
  }

  @Test func `of whole requests have a part for decoding`() throws {
    var state = Fixture.state(width: 80, height: 24, on: .latency)
    for _ in 0..<3 { _ = state.update(.input(.key(.down, [])), at: Fixture.now) }
    let text = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille).text
    #expect(text.contains("what a request takes") && text.contains("decode "), "\(text)")
    state.insight = Fixture.state(width: 80, height: 24, on: .latency).insight
    let first = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille).text
    #expect(!first.contains("decode "), "the first token does not wait for it")
  }

  @Test func `of questions look as agreed`() throws {
    var state = Fixture.state(width: 80, height: 24)
    for key in "Dmo" { _ = state.update(.input(.key(.character(key), [])), at: Fixture.now) }
    try compare(state, "delete-80x24")
  }

  @Test func `of interpolated latencies say so with every quantile, and leave the mean, which is exact`() {
    var state = Fixture.state(width: 120, height: 40, on: .latency)
    var look = Fixture.insight
    for index in look.latency.distributions.indices {
      look.latency.distributions[index].summary.isEstimate = true
    }
    _ = state.update(.insight(application: "moe", .success(look)), at: Fixture.now)
    let text = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille).text
    #expect(
      text.contains("p50 ~182ms  p90 ~460ms  p99 ~1.41s  mean 240ms") && text.contains("~1.30s"), "\(text)")
  }

  @Test func `dim what is old and say how old`() throws {
    var state = Fixture.state(width: 80, height: 24)
    _ = state.update(.lost(ControlError(code: "timeout", message: "no answer")), at: Fixture.now + 12)
    try compare(state, "stale-80x24")
  }

  @Test func `are drawn at any size without a fault`() {
    let states = Dictionary(
      uniqueKeysWithValues: ScreenKind.allCases.map { ($0, Fixture.state(width: 80, height: 24, on: $0)) })
    for kind in ScreenKind.allCases {
      for width in [0, 1, 2, 19, 20, 40, 59, 60, 99, 100, 139, 140, 400] {
        for height in [0, 1, 3, 4, 5, 7, 12, 19, 20, 34, 40, 100] {
          var state = states[kind] ?? Fixture.state(width: 0, height: 0)
          (state.width, state.height) = (width, height)
          state.isHelpShown = width % 2 == 0
          let frame = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille)
          #expect(frame.width == width && frame.height == height)
        }
      }
    }
  }

  private static let theme = Theme(ThemeFile(""), depth: .trueColor)

  /// How the cells are drawn: for each row its runs of styles as `letter×count`, then what each letter means.
  private static func styles(of frame: CellBuffer) -> String {
    var letters: [CellStyle: Int] = [:]
    var legend: [CellStyle] = []
    var lines: [String] = []
    for y in 0..<frame.height {
      var runs: [(Int, Int)] = []
      for cell in frame.row(y) {
        let letter = letters[cell.style] ?? legend.count
        if letter == legend.count {
          letters[cell.style] = letter
          legend.append(cell.style)
        }
        if runs.last?.0 == letter { runs[runs.count - 1].1 += 1 } else { runs.append((letter, 1)) }
      }
      lines.append(runs.map { "\($0.0)×\($0.1)" }.joined(separator: " "))
    }
    let meanings = legend.enumerated().map { "\($0.offset): \(describe($0.element))" }
    return (lines + [""] + meanings).joined(separator: "\n") + "\n"
  }

  private static func describe(_ style: CellStyle) -> String {
    func name(_ color: Color) -> String {
      guard case .rgb(let red, let green, let blue) = color else { return "own" }
      return "\(red),\(green),\(blue)"
    }
    let marks: [(Attributes, String)] = [
      (.bold, " bold"), (.dim, " dim"), (.underline, " underline"), (.reverse, " reverse"),
    ]
    return name(style.foreground) + " on " + name(style.background)
      + marks.filter { style.attributes.contains($0.0) }.map(\.1).joined()
  }

  private func compare(_ state: ConsoleState, _ name: String, glyphs: GlyphSet = .braille) throws {
    let frame = ConsoleRenderer.render(state, theme: Self.theme, glyphs: glyphs)
    let text = frame.text + "\n\n" + Self.styles(of: frame)
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
