import ControlAPI
import Terminal

extension Painter {
  mutating func drawOverlay() {
    if let question = state.question {
      drawQuestion(question)
    } else if state.isHelpShown {
      let width = Keys.help.map { CharacterWidth.cells(of: $0.0) }.max() ?? 0
      let lines = Keys.help.map { key, meaning in
        let gap = String(repeating: " ", count: width + 2 - CharacterWidth.cells(of: key))
        return [Span(key + gap, theme.key), text(meaning)]
      }
      draw(Dialog(title: "keys", lines: lines, footer: [faint("any key closes")]))
    }
  }

  private mutating func drawQuestion(_ question: Question) {
    let yesNo = [Span("y", theme.key), text(" yes   "), Span("n", theme.key), text(" no")]
    switch question {
    case .restart(let replica, let application):
      let isRank =
        state.world.application(application)?.replicas(.rank).contains { $0.id == replica } ?? false
      let words =
        isRank
        ? "Its whole group restarts with it; requests in flight are drained or moved."
        : "It is drained first."
      draw(Dialog(title: "restart \(replica)", lines: wrappedLines(words), footer: yesNo))
    case .reapply(let path, let application):
      draw(
        Dialog(
          title: "apply to \(application)",
          lines: wrappedLines("Carry \(path) out over what runs? Only what differs is touched."),
          footer: yesNo))
    case .rollBack(let application, let revision):
      draw(
        Dialog(
          title: "roll \(application) back",
          lines: wrappedLines("Carry revision \(revision) out again? It becomes a revision of its own."),
          footer: yesNo))
    case .delete(let application, let typed):
      draw(
        Dialog(
          title: "delete \(application)",
          lines: wrappedLines("Its processes end and its records go. Type its name to confirm."),
          field: typed,
          footer: [Span("⏎", theme.key), text(" delete   "), Span("Esc", theme.key), text(" keep")]))
    }
  }

  private func wrappedLines(_ words: String) -> [[Span]] {
    WordWrap.lines(words, width: max(20, min(56, buffer.width - 6))).map { [text($0)] }
  }

  private mutating func draw(_ dialog: Dialog) {
    dialog.draw(in: &buffer, text: theme.text, border: theme.key, heading: theme.title)
  }
}
