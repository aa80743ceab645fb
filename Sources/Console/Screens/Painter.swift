import ControlAPI
public import Terminal

/// Draws the console's state: a pure function of state, theme and glyphs, at any size.
public enum ConsoleRenderer {
  /// The frame for a state, as large as its window.
  public static func render(_ state: ConsoleState, theme: Theme, glyphs: GlyphSet) -> CellBuffer {
    var painter = Painter(state, theme, glyphs)
    painter.drawScreen()
    return painter.buffer
  }

  /// The places that do something when clicked, as the frame of the state has them.
  static func hits(_ state: ConsoleState) -> [Hit] {
    var painter = Painter(state, .monochrome, .braille)
    painter.drawScreen()
    return painter.hits
  }
}

/// A state being drawn; each screen adds its own drawing in an extension.
struct Painter {
  let state: ConsoleState
  let theme: Theme
  var buffer: CellBuffer
  var hits: [Hit] = []

  init(_ state: ConsoleState, _ theme: Theme, _ glyphs: GlyphSet) {
    self.state = state
    self.theme = theme
    buffer = CellBuffer(width: state.width, height: state.height, style: theme.text, glyphs: glyphs)
  }

  /// Whether the window is too small for frames.
  var isTiny: Bool { buffer.width < 60 || buffer.height < 20 }

  mutating func drawScreen() {
    var rest = buffer.bounds
    guard rest.width >= 20, rest.height >= 4 else {
      drawStatusLine(rest)
      return
    }
    drawHeader(rest.takeTop(1))
    if hasScreenNames { drawScreenNames(rest.takeTop(1)) }
    drawFooter(rest.takeBottom(1))
    if let prompt = state.prompt {
      drawPrompt(prompt, rest.takeBottom(1))
    } else if let line = noticeLine {
      buffer.put(line, rest.x + 1, rest.takeBottom(1).y, limit: rest.width - 2)
    }
    if let standing { line(rest.takeTop(1).inset(1, 0), standing) }
    drawBody(rest)
    drawOverlay()
  }

  private mutating func drawBody(_ area: Rect) {
    switch state.screen {
    case .home: drawHome(area)
    case .overview: if isTiny { drawDigest(area) } else { drawOverview(area) }
    case .replicas: drawReplicas(area)
    case .replica: drawReplica(area)
    case .ingress: drawIngress(area)
    case .latency: drawLatency(area)
    case .queue: drawQueue(area)
    case .experts: drawExperts(area)
    case .events: drawEvents(area, isWhole: true)
    case .logs: drawLogs(area)
    case .hints, .manifest: drawText(area)
    case .nodes: drawNodes(area)
    }
  }

  /// Writes a line of spans inside one row.
  mutating func line(_ row: Rect, _ spans: [Span]) {
    buffer.put(spans, row.x, row.y, limit: row.width)
  }

  func text(_ text: String) -> Span { Span(text, theme.text) }
  func faint(_ text: String) -> Span { Span(text, theme.inactive) }
  func strong(_ text: String) -> Span { Span(text, theme.title) }

  /// A frame's title, and before it the key that opens its screen, raised so that nobody reads it as a count.
  func title(_ words: String, key: Int?) -> [Span] {
    guard let key else { return [strong(words)] }
    let raised = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
    return [Span(buffer.glyphs.isPlain ? "\(key):" : raised[key], theme.key), strong(words)]
  }

  /// The glyph and style of a severity.
  func mark(_ severity: Severity) -> Span {
    switch severity {
    case .error: Span(String(buffer.glyphs.critical), theme.critical)
    case .warning: Span(String(buffer.glyphs.warning), theme.warning)
    case .info: Span(String(buffer.glyphs.dot), theme.info)
    }
  }

  /// What is shown of a value of the present: faint once the present is old.
  var value: CellStyle { state.isStale ? theme.stale : theme.title }

  /// The line being typed, with what it is for before it.
  private mutating func drawPrompt(_ prompt: Prompt, _ row: Rect) {
    let mark = Span(" \(prompt.purpose.mark) ", theme.key)
    let x = buffer.put([mark], row.x, row.y)
    prompt.field.draw(in: &buffer, x, row.y, width: row.maxX - x - 1, theme.text)
  }

  private var noticeLine: [Span]? {
    if let underway = state.underway { return [Span("▲ ", theme.info), text(underway + " …")] }
    if let notice = state.notice { return [mark(notice.severity), text(" " + notice.text)] }
    return state.undertakings.last.map { undertaking in
      let age = Units.age(max(0, state.now - undertaking.since))
      return [Span("▲ ", theme.info), text(undertaking.words), faint("  " + age)]
    }
  }

  /// What the controller says of itself and of a revision that failed; nil when there is nothing to say.
  private var standing: [Span]? {
    if let controller = state.shown.status?.controller, controller.stateDurable == false {
      let reason = controller.stateProblem.map { ": " + $0 } ?? ""
      return [mark(.error), text(" what happens is not written down, and applies are refused" + reason)]
    }
    guard let application = state.application, state.screen != .home else { return nil }
    if let goal = application.rollingBackTo {
      return [mark(.error), text(" revision \(application.revision) failed; revision \(goal) comes back")]
    }
    // It says so until the next apply, where it is of interest.
    guard let back = application.rolledBack, [.overview, .manifest].contains(state.screen) else { return nil }
    let words = " revision \(back.from) failed, and revision \(back.to) holds again: \(back.reason)"
    return [mark(.warning), text(words)]
  }
}
