import ControlAPI
import Diagnosis
import Terminal

extension Painter {
  mutating func drawOverlay() {
    if let question = state.question {
      drawQuestion(question)
    } else if state.isHelpShown {
      drawHelp()
    } else if let prompt = state.prompt, prompt.purpose == .command {
      drawCompletions(prompt.field.text)
    }
  }

  /// All keys with what they do, by the names that the keys file and the palette know.
  private mutating func drawHelp() {
    let rows = Command.allCases.map { (state.keymap.labels($0), $0) }.filter { !$0.0.isEmpty }
    let width = rows.map { CharacterWidth.cells(of: $0.0) }.max() ?? 0
    let lines = rows.map { keys, command in
      let gap = String(repeating: " ", count: width + 2 - CharacterWidth.cells(of: keys))
      return [Span(keys + gap, theme.key), text(command.meaning)]
    }
    let room = max(1, buffer.height - 6)
    let first = min(state.helpScroll, max(0, lines.count - room))
    let more =
      lines.count > room ? "  \(first + 1)–\(min(lines.count, first + room)) of \(lines.count), j k" : ""
    draw(
      Dialog(
        title: "keys", lines: Array(lines.dropFirst(first).prefix(room)),
        footer: [faint("any other key closes" + more)]))
  }

  /// What could be typed, above the line where it is.
  private mutating func drawCompletions(_ typed: String) {
    let all = Palette.completions(typed, state)
    let shown = all.prefix(max(0, min(10, buffer.height - 6)))
    guard !shown.isEmpty else { return }
    let width = min(buffer.width - 4, 66)
    let area = Rect(x: 1, y: buffer.height - 4 - shown.count, width: width, height: shown.count + 2)
    buffer.fill(area, theme.text)
    var inside = Box(
      title: [strong("commands")], trailing: [faint("Tab completes  \(shown.count)/\(all.count)")],
      border: theme.key
    ).draw(in: &buffer, area).inset(1, 0)
    for entry in shown {
      line(inside.takeTop(1), [Span(entry.line, theme.key), faint("  " + entry.meaning)])
    }
  }

  private mutating func drawQuestion(_ question: Question) {
    switch question {
    case .restart(let replica, let application):
      let isRank =
        state.world.application(application)?.replicas(.rank).contains { $0.id == replica } ?? false
      let words =
        isRank
        ? "Its whole group restarts with it; requests in flight are drained or moved."
        : "It is drained first."
      ask("restart \(replica)", words)
    case .reapply(let path, let application):
      ask("apply to \(application)", "Carry \(path) out over what runs? Only what differs is touched.")
    case .fix(let proposal): drawFix(proposal)
    case .cordon(let request, _):
      ask("\(request.action.rawValue) \(request.replicas.joined(separator: " "))", request.action.meaning)
    case .scale(let request, let application):
      let wanted = ScaleStatus(replicas: request.replicas, ingressReplicas: request.ingressReplicas)?.words
      ask("scale \(application)", (wanted ?? "the manifest's numbers") + ", until the next apply")
    case .rollBack(let application, let revision):
      ask(
        "roll \(application) back",
        "Carry revision \(revision) out again? It becomes a revision of its own.")
    case .delete(let application, let typed):
      draw(
        "delete \(application)",
        wrappedLines("Its processes end and its records go. Type its name to confirm."), field: typed,
        [Button(label: "⏎", words: "delete", key: .enter), Button(label: "Esc", words: "keep", key: .escape)])
    }
  }

  /// What can be answered, by its key or by a click on it.
  private struct Button {
    var label: String
    var words: String
    var key: Key

    static let yesNo = [
      Button(label: "y", words: "yes", key: .character("y")),
      Button(label: "n", words: "no", key: .character("n")),
    ]
  }

  private mutating func ask(_ title: String, _ words: String) {
    draw(title, wrappedLines(words), Button.yesNo)
  }

  private mutating func draw(
    _ title: String, _ lines: [[Span]], field: TextField? = nil, _ buttons: [Button]
  ) {
    let gap = "   "
    let spans = buttons.map { [Span($0.label, theme.key), text(" \($0.words)")] }
    let row = draw(
      Dialog(title: title, lines: lines, field: field, footer: Array(spans.joined(separator: [text(gap)]))))
    var x = row.x
    for (button, spans) in zip(buttons, spans) {
      let width = spans.reduce(0) { $0 + CharacterWidth.cells(of: buffer.glyphs.spelled($1.text)) }
      hits.append(Hit(area: Rect(x: x, y: row.y, width: width, height: 1), action: .answer(button.key)))
      x += width + gap.count
    }
  }

  /// The lines of the file that change, and what that does to what runs.
  private mutating func drawFix(_ proposal: FixProposal) {
    let width = max(20, min(96, buffer.width - 6))
    var lines = [[faint(proposal.path)]]
    for change in proposal.lines {
      lines.append([Span(change, change.hasPrefix("-") ? theme.critical : theme.ok)])
    }
    let others = proposal.others
    if !others.isEmpty {
      lines += wrapped("The file already differs from what runs in \(others.joined(separator: ", ")).", width)
        .map { [Span($0, theme.warning)] }
    }
    lines += proposal.plan.steps.flatMap { wrapped("· " + $0, width) }.map { [text($0)] }
    let pause = Units.duration(proposal.plan.interruptionSeconds.value)
    lines.append([text("requests wait for about "), strong(pause)])
    draw("apply \(proposal.fix.hint) to \(proposal.application)", lines, Button.yesNo)
  }

  private func wrapped(_ words: String, _ width: Int) -> [String] { WordWrap.lines(words, width: width) }

  private func wrappedLines(_ words: String) -> [[Span]] {
    WordWrap.lines(words, width: max(20, min(56, buffer.width - 6))).map { [text($0)] }
  }

  @discardableResult
  private mutating func draw(_ dialog: Dialog) -> Rect {
    dialog.draw(in: &buffer, text: theme.text, border: theme.key, heading: theme.title)
  }
}

extension CordonRequest.Action {
  /// What it does to a replica.
  fileprivate var meaning: String {
    switch self {
    case .cordon: "It gets no new requests, and goes on with those it has. :uncordon takes that back."
    case .drain: "It gets no new requests and finishes those it has. :uncordon takes that back."
    case .uncordon: "It gets requests again."
    }
  }
}
