extension Theme {
  /// The theme that `file` describes, for a terminal of `depth`.
  ///
  /// Text is lifted to a contrast of 4.5 : 1 against the background and faint text to 3 : 1, which many themes miss. In
  /// monochrome only weights and reversal are used.
  public init(_ file: ThemeFile, depth: ColorDepth) {
    guard depth > .monochrome else {
      self = .monochrome
      return
    }
    let reader = ThemeReader(file)
    let text = reader.style("main_fg", dark: .rgb(204, 204, 204), light: .rgb(40, 40, 40))
    self.text = text
    title = reader.style("title", dark: .rgb(238, 238, 238), light: .rgb(0, 0, 0)).adding(.bold)
    key = reader.style("hi_fg", dark: .rgb(255, 150, 100), light: .rgb(160, 60, 0))
    inactive = reader.style("inactive_fg", dark: .rgb(120, 120, 120), light: .rgb(120, 120, 120), ratio: 3)
    selected = reader.selection(text)
    divider = reader.line("div_line")
    replicaBox = reader.line("cpu_box")
    cacheBox = reader.line("mem_box")
    queueBox = reader.line("net_box")
    eventBox = reader.line("proc_box")
    ok = reader.style("dp_ok", dark: .rgb(95, 200, 120), light: .rgb(0, 120, 50))
    warning = reader.style("dp_warn", dark: .rgb(240, 200, 70), light: .rgb(150, 95, 0)).adding(.bold)
    critical = reader.style("dp_crit", dark: .rgb(255, 100, 90), light: .rgb(190, 20, 20)).adding(.bold)
    info = reader.style("dp_info", dark: .rgb(110, 180, 250), light: .rgb(20, 90, 190))
    stale = reader.style("dp_stale", dark: .rgb(140, 140, 140), light: .rgb(110, 110, 110), ratio: 3)
    banner = reader.style("proc_banner_fg", dark: .rgb(255, 255, 255), light: .rgb(0, 0, 0)).adding(.reverse)
    busy = reader.gradient("cpu")
    cache = reader.gradient("used")
    latency = reader.gradient("temp")
    tokens = reader.gradient("upload")
    requests = reader.gradient("download")
    queue = reader.gradient("available")
    let meterColor = file.color("meter_bg").map { $0 } ?? inactive.foreground
    meter = CellStyle(meterColor, on: reader.background)
  }

  /// No colour at all: weight, underline and reversal carry the meaning, with the glyphs.
  public static let monochrome: Theme = {
    let plain = CellStyle()
    let bold = CellStyle().adding(.bold)
    let flat = Gradient(.terminal)
    return Theme(
      text: plain, title: bold, key: bold, inactive: plain, selected: plain.adding(.reverse), divider: plain,
      replicaBox: plain, cacheBox: plain, queueBox: plain, eventBox: plain, ok: plain, warning: bold,
      critical: plain.adding([.bold, .reverse]), info: plain, stale: plain.adding(.underline),
      banner: plain.adding(.reverse), busy: flat, cache: flat, latency: flat, tokens: flat, requests: flat,
      queue: flat, meter: plain)
  }()
}

/// Reads roles out of a theme file, with what they are when it does not say.
private struct ThemeReader {
  let file: ThemeFile
  let background: Color
  private let isLight: Bool
  /// What contrast is reckoned against; a terminal's own background is unknown and taken for black or white.
  private let reference: Color

  init(_ file: ThemeFile) {
    self.file = file
    background = file.color("main_bg") ?? .terminal
    // Without a background of its own, a theme with dark text is made for a light terminal.
    let foreground = file.color("main_fg")?.luminance ?? 1
    isLight = background.luminance.map { $0 > 0.18 } ?? (foreground < 0.18)
    reference = background == .terminal ? (isLight ? .rgb(255, 255, 255) : .rgb(0, 0, 0)) : background
  }

  func style(_ key: String, dark: Color, light: Color, ratio: Double = 4.5) -> CellStyle {
    if file.names(key), file.color(key) == nil { return CellStyle(.terminal, on: background) }
    let color = file.color(key) ?? (isLight ? light : dark)
    return CellStyle(color.lifted(to: ratio, against: reference), on: background)
  }

  func line(_ key: String) -> CellStyle {
    style(key, dark: .rgb(110, 110, 110), light: .rgb(130, 130, 130), ratio: 2)
  }

  func selection(_ text: CellStyle) -> CellStyle {
    guard let behind = file.color("selected_bg") else { return text.adding(.reverse) }
    let front = file.color("selected_fg") ?? text.foreground
    return CellStyle(front.lifted(to: 4.5, against: behind), on: behind, .bold)
  }

  func gradient(_ name: String) -> Gradient {
    let start = file.color(name + "_start") ?? .terminal
    return Gradient(start, file.color(name + "_mid"), file.color(name + "_end"))
  }
}
