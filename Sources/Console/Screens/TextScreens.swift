import ControlAPI
import Manifest
import Terminal

/// Screens that are a text to scroll through: hints in full, and a manifest with its plan.
enum TextScreens {
  /// A line, by what it means.
  struct Line {
    var spans: [(String, Role)]
    /// The hint that it is a line of.
    var hint: HintKey?
    init(_ text: String = "", _ role: Role = .text) { spans = [(text, role)] }
    init(_ spans: [(String, Role)]) { self.spans = spans }
  }

  enum Role { case text, faint, strong, key, ok, warning, critical, info }

  static func lineCount(of state: ConsoleState) -> Int {
    lines(of: state, width: max(20, state.width - 4)).count
  }

  static func lines(of state: ConsoleState, width: Int) -> [Line] {
    switch state.screen {
    case .hints: HintText.lines(state, width: width)
    case .manifest: ManifestText.lines(state, width: width)
    default: []
    }
  }
}

extension Painter {
  mutating func drawText(_ area: Rect) {
    let lines = TextScreens.lines(of: state, width: max(20, area.width - 4))
    let isManifest = state.screen == .manifest
    let title = isManifest ? manifestTitle : [strong("hints")]
    let height = max(0, area.height - 2)
    let first =
      isManifest
      ? min(state.scroll[state.screen] ?? 0, max(0, lines.count - 1))
      : HintText.firstLine(state, width: max(20, area.width - 4), height: height)
    let more = lines.count > height ? "\(first + 1)/\(lines.count)" : ""
    var inside = Box(
      title: title, trailing: more.isEmpty ? [] : [faint(more)], border: theme.eventBox
    )
    .draw(in: &buffer, area).inset(1, 0)
    for content in lines.dropFirst(first).prefix(inside.height) {
      let row = inside.takeTop(1)
      line(row, content.spans.map { Span($0.0, style($0.1)) })
      if let hint = content.hint { hits.append(Hit(area: row, action: .hint(hint))) }
    }
  }

  /// The pages of the manifest screen, and the file.
  private var manifestTitle: [Span] {
    let names = ManifestPages.Page.allCases.flatMap { page in
      [Span(page.rawValue, page == state.pages.page ? theme.key.adding(.bold) : theme.inactive), text(" ")]
    }
    return names + [faint("v  "), strong(state.manifest?.path ?? "")]
  }

  private func style(_ role: TextScreens.Role) -> CellStyle {
    switch role {
    case .text: theme.text
    case .faint: theme.inactive
    case .strong: theme.title
    case .key: theme.key
    case .ok: theme.ok
    case .warning: theme.warning
    case .critical: theme.critical
    case .info: theme.info
    }
  }
}
