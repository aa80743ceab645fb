import ControlAPI
import Terminal

extension Painter {
  /// What is left of the console in a window of a few cells.
  mutating func drawStatusLine(_ area: Rect) {
    guard !area.isEmpty else { return }
    guard let application = state.application else { return line(area, [text("dptop"), connection]) }
    let ranks = application.readiness(.rank)
    line(
      area,
      [
        applicationState(application.status), text(" \(ranks.running)/\(ranks.target) "),
        strong(application.name),
        text(" \(Units.count(application.metrics.requestsPerSecond.value))/s"),
      ])
  }

  mutating func drawHeader(_ row: Rect) {
    buffer.fill(row, theme.text)
    var left = [strong(" dptop ")]
    if let application = state.application, state.screen != .home {
      left += headline(application, row.width)
    } else {
      left.append(faint(buffer.glyphs.spelled("data-parallel deployments")))
    }
    let mute = state.alertBook?.isMuted == true ? [faint("muted  ")] : []
    let right =
      mute + [connection, text("  " + WallTime.clock(state.shownNow, offset: state.utcOffset) + " ")]
    let width = right.reduce(0) { $0 + CharacterWidth.cells(of: buffer.glyphs.spelled($1.text)) }
    buffer.put(left, row.x, row.y, limit: max(0, row.width - width - 1))
    buffer.put(right, max(row.x, row.maxX - width), row.y)
  }

  private func headline(_ application: ApplicationStatus, _ width: Int) -> [Span] {
    let ranks = application.readiness(.rank)
    let ingress = application.readiness(.ingress)
    var spans = [
      Span(application.name + " ", theme.key), applicationState(application.status),
      text(" dp \(ranks.running)/\(ranks.target)"),
    ]
    if state.screen != .overview {
      // Where there is little room, the last crumb says enough.
      let shown = width >= 100 ? crumbs : crumbs.suffix(state.screen == .replica ? 1 : 2)
      spans.insert(contentsOf: shown.flatMap { [faint("› "), text($0 + " ")] }, at: 1)
    }
    // Nobody knows of the ingress of what is only attached to.
    if ingress.target > 0 { spans.append(text(" ing \(ingress.running)/\(ingress.target)")) }
    if width >= 70 { spans.append(faint("  win " + Units.span(application.metrics.windowSeconds))) }
    if application.revision == 0 { return spans + [faint("  attached, read-only")] }
    if width >= 100 {
      spans.append(faint("  rev \(application.revision)"))
      if let created = WallTime.seconds(application.createdAt) {
        spans.append(faint("  up " + Units.age(max(0, state.shownNow - created))))
      }
    }
    if width >= 120, let endpoint = application.endpoint.value { spans.append(faint("  " + endpoint)) }
    return spans
  }

  /// The way to what is looked at: the screen, and what in it.
  private var crumbs: [String] {
    switch state.screen {
    case .replica:
      [(state.isDetailOfIngress ? ScreenKind.ingress : .replicas).title]
        + (state.chosenReplica.map { [$0.id] } ?? [])
    case .logs: [ScreenKind.logs.title] + (state.logs.replica.map { [$0] } ?? [])
    default: [state.screen.title]
    }
  }

  /// Whether there is room to name all screens.
  var hasScreenNames: Bool { buffer.width >= 100 && buffer.height >= 35 }

  func applicationState(_ status: ApplicationState) -> Span {
    switch status {
    case .running: Span("● RUNNING", theme.ok)
    case .deploying, .notStarted, .deleting: Span("▲ " + status.rawValue, theme.info)
    case .unhealthy: Span("⚠ UNHEALTHY", theme.warning)
    case .deployFailed: Span("✖ DEPLOY_FAILED", theme.critical)
    }
  }

  /// How fresh everything is.
  var connection: Span {
    if let replay = state.replay { return Span(replay.isPlaying ? " REPLAY " : " PAUSED ", theme.banner) }
    if let frozen = state.frozen {
      let past = state.now - frozen.now
      return Span(past < 1 ? " FROZEN " : " \(Units.age(past)) AGO ", theme.banner)
    }
    switch state.connection {
    case .connecting: return Span("◌ asking", theme.info)
    case .lost:
      return Span(
        state.age.map { "✖ no answer for " + Units.age($0) } ?? "✖ no controller", theme.critical)
    case .live:
      return state.isStale ? Span("◌ " + Units.age(state.age), theme.stale) : Span("● live", theme.ok)
    }
  }

  mutating func drawScreenNames(_ row: Rect) {
    var x = row.x + 1
    for screen in ScreenKind.tabs {
      guard let command = Command(rawValue: screen.rawValue) else { continue }
      let isHere = screen == state.screen || screen == state.screen.parent && state.screen.digit == nil
      let start = x
      x = buffer.put(
        [
          Span((state.keymap.label(command) ?? "") + " ", theme.key),
          Span(screen.title, isHere ? theme.selected : theme.inactive),
        ], x, row.y, limit: row.maxX - x)
      hits.append(Hit(area: Rect(x: start, y: row.y, width: x - start, height: 1), action: .command(command)))
      x += 2
    }
  }

  /// As many keys as fit whole.
  mutating func drawFooter(_ row: Rect) {
    var x = row.x + 1
    for (command, meaning) in Keys.footer(state.screen) {
      guard let key = state.keymap.label(command) else { continue }
      let spans = [Span(key, theme.key), faint(" \(meaning)")]
      let width = spans.reduce(0) { $0 + CharacterWidth.cells(of: buffer.glyphs.spelled($1.text)) }
      guard x + width <= row.maxX else { return }
      hits.append(Hit(area: Rect(x: x, y: row.y, width: width, height: 1), action: .command(command)))
      x = buffer.put(spans, x, row.y) + 2
    }
  }
}
