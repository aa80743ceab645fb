import Glibc
import Terminal
import Testing

@Suite struct `Themes` {
  @Test func `read every form of btop's values`() {
    let file = ThemeFile(
      """
      # comment
      theme[main_bg]="#10A0ff"
      theme[main_fg]="#cc"
        theme[title] = '1 2 255'
      theme[cpu_mid]=""
      theme[unknown_key]="#000000"
      """)
    #expect(file.problems.isEmpty)
    #expect(file.color("main_bg") == .rgb(16, 160, 255) && file.color("main_fg") == .rgb(204, 204, 204))
    #expect(file.color("title") == .rgb(1, 2, 255))
    #expect(file.color("cpu_mid") == nil && file.names("cpu_mid") && !file.names("cpu_end"))
  }

  @Test func `name the line of what cannot be read, and keep the rest`() {
    let file = ThemeFile("theme[a]=\"#12345\"\nnonsense\ntheme[b]=\"300 1 1\"\ntheme[c]=\"#ffffff\"")
    #expect(file.problems.count == 3 && file.problems[1].hasPrefix("line 2"))
    #expect(file.color("c") == .rgb(255, 255, 255) && !file.names("a"))
  }

  @Test func `lift text that a theme makes too faint to read`() {
    let file = ThemeFile(
      "theme[main_bg]=\"#2e3440\"\ntheme[main_fg]=\"#3b4252\"\ntheme[inactive_fg]=\"#2e3440\"")
    let theme = Theme(file, depth: .trueColor)
    #expect(theme.text.foreground.contrast(with: theme.text.background) ?? 0 >= 4.5)
    #expect(theme.inactive.foreground.contrast(with: theme.text.background) ?? 0 >= 3)
  }

  @Test(arguments: ["default-dark", "nord", "solarized-light", "high-contrast", "tty16", "mono"])
  func `of ours have every key of btop, so that they load there, too`(name: String) throws {
    let file = ThemeFile(try shipped(name))
    #expect(file.problems.isEmpty)
    for key in btopKeys { #expect(file.names(key), "\(key) is missing") }
    let theme = Theme(file, depth: .trueColor)
    for style in [theme.text, theme.title, theme.ok, theme.warning, theme.critical, theme.info] {
      guard let contrast = style.foreground.contrast(with: style.background) else { continue }
      #expect(contrast >= 4.4)
    }
  }

  @Test func `use no colour in monochrome, and still set what matters apart`() throws {
    let theme = Theme(ThemeFile(try shipped("nord")), depth: .monochrome)
    #expect(theme.text.foreground == .terminal && theme.busy.color(at: 1) == .terminal)
    #expect(Set([theme.text, theme.warning, theme.critical, theme.selected]).count == 4)
  }

  @Test func `resolve colours without touching slots that users recolour`() {
    for red in stride(from: 0, through: 255, by: 51) {
      for blue in stride(from: 0, through: 255, by: 51) {
        guard case .index(let slot) = ColorDepth.palette256.resolve(.rgb(UInt8(red), 90, UInt8(blue))) else {
          Issue.record("no slot")
          continue
        }
        #expect(slot >= 16)
      }
    }
    #expect(ColorDepth.palette256.resolve(.rgb(255, 0, 0)) == .index(196))
    #expect(ColorDepth.ansi16.resolve(.rgb(255, 80, 80)) == .index(9))
    #expect(ColorDepth.ansi16.resolve(.rgb(10, 10, 10)) == .index(7))
    #expect(ColorDepth.ansi16.resolve(.rgb(10, 10, 10), isBackground: true) == .index(0))
    #expect(ColorDepth.monochrome.resolve(.rgb(1, 2, 3)) == .terminal)
  }

  @Test(arguments: [
    (ColorWish.auto, "1", ColorDepth.monochrome), (.auto, "", .palette256), (.palette256, "1", .palette256),
    (.never, "", .monochrome),
  ])
  func `obey NO_COLOR unless a depth is asked for`(wish: ColorWish, noColor: String, depth: ColorDepth) {
    #expect(wish.depth(available: .palette256) { $0 == "NO_COLOR" ? noColor : nil } == depth)
  }

  @Test func `open a terminal under names that may be known`() {
    func profile(_ term: String) -> TerminalProfile { TerminalProfile { $0 == "TERM" ? term : nil } }
    #expect(profile("foot").names.prefix(2) == ["foot", "xterm-256color"])
    #expect(!profile("dumb").canAddressCells && !profile("").canAddressCells)
  }

  private func shipped(_ name: String) throws -> String {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let path = "/\(root)/themes/\(name).theme"
    let file = try #require(fopen(path, "r"), "\(path)")
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  private let btopKeys: [String] = {
    let plain = [
      "main_bg", "main_fg", "title", "hi_fg", "selected_bg", "selected_fg", "inactive_fg", "proc_misc",
      "cpu_box",
      "mem_box", "net_box", "proc_box", "div_line",
    ]
    let gradients = ["temp", "cpu", "free", "cached", "available", "used", "download", "upload"]
    return plain + gradients.flatMap { name in ["start", "mid", "end"].map { "\(name)_\($0)" } }
  }()
}
