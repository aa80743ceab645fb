import ControlAPI
import Manifest
import Terminal

extension Painter {
  mutating func drawHome(_ area: Rect) {
    let inside = Box(title: [strong("applications and manifests")], border: theme.replicaBox)
      .draw(in: &buffer, area)
    let rows = state.homeRows
    guard !rows.isEmpty else {
      let words =
        state.hasManifests ? " nothing runs, and there is no manifest here" : " looking for manifests …"
      return line(inside, [faint(words)])
    }
    var body = inside
    for index in state.homeList.visible(count: rows.count, height: body.height) {
      let row = body.takeTop(1)
      line(row.inset(2, 0), describe(rows[index]))
      hits.append(Hit(area: row, action: .row(String(index))))
      guard index == min(state.homeList.selection, rows.count - 1) else { continue }
      buffer.put(String(buffer.glyphs.pointer), row.x, row.y, theme.key)
      let selected = theme.selected
      buffer.restyle(row) { style in
        selected.background == .terminal ? style.adding(selected.attributes) : style.on(selected.background)
      }
    }
  }

  private func describe(_ row: ConsoleState.HomeRow) -> [Span] {
    switch row {
    case .application(let name):
      guard let application = state.shown.application(name) else { return [] }
      let ranks = application.readiness(.rank)
      return [
        strong(padded(name, 24)), applicationState(application.status),
        text("  dp \(ranks.running)/\(ranks.target)"),
        faint("  \(application.endpoint.value ?? "")"),
      ]
    case .manifest(let path):
      guard let entry = state.manifests.first(where: { $0.path == path }) else { return [] }
      let errors = entry.remarks.filter { $0.severity == .error && $0.line.hasPrefix("error") }.count
      let standing =
        entry.hasErrors
        ? Span("✖ \(errors) error\(errors == 1 ? "" : "s")", theme.critical) : Span("manifest", theme.info)
      return [
        text(padded(entry.name ?? Units.unknown, 24)), standing, faint("  \(path)"),
        faint(entry.isBundled ? "  (bundled)" : ""),
      ]
    }
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - CharacterWidth.cells(of: text)))
  }
}
