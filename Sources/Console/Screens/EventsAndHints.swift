import ControlAPI
import Terminal

extension Painter {
  mutating func drawEvents(_ area: Rect, isWhole: Bool) {
    let all = state.events
    var inside = Box(
      title: title("events", key: isWhole ? nil : 7), trailing: [faint("\(all.count)")],
      border: theme.eventBox
    ).draw(in: &buffer, area).inset(1, 0)
    let skipped = isWhole ? min(state.scroll[.events] ?? 0, max(0, all.count - 1)) : 0
    if all.isEmpty { line(inside, [faint("nothing has happened yet")]) }
    for event in all.reversed().dropFirst(skipped).prefix(inside.height) {
      let row = inside.takeTop(1)
      line(row, describe(event))
      hits.append(Hit(area: row, action: isWhole ? .event(event.sequence) : .command(.events)))
    }
  }

  /// An event in one line.
  func describe(_ event: Event) -> [Span] {
    let clock = WallTime.seconds(event.time).map { WallTime.clock($0, offset: state.utcOffset) }
    return [
      faint((clock ?? Units.unknown) + " "), mark(event.severity), strong(subject(of: event)),
      text(" \(event.message)"), faint("  \(event.reason)"),
    ]
  }

  /// Whom an event is about, unless its message begins with that.
  private func subject(of event: Event) -> String {
    guard let replica = event.replica, !event.message.hasPrefix(replica) else { return "" }
    return " " + replica
  }

  /// The gravest hints, a line each.
  mutating func drawHints(_ area: Rect) {
    let hints = state.application?.hints ?? []
    var inside = Box(
      title: title("hints", key: 8), trailing: [faint(hints.isEmpty ? "" : "\(hints.count)  8 = why")],
      border: theme.eventBox
    ).draw(in: &buffer, area).inset(1, 0)
    if hints.isEmpty {
      let words = state.isStale || state.application == nil ? "–" : "nothing to advise"
      line(inside, [faint(words)])
    }
    for hint in hints.prefix(inside.height) {
      let row = inside.takeTop(1)
      line(row, digest(hint, inside.width))
      hits.append(Hit(area: row, action: .hint(HintKey(hint))))
    }
  }

  /// A hint in one line: the fix before the evidence, where there is no room for both.
  func digest(_ hint: Hint, _ width: Int) -> [Span] {
    let head = [mark(hint.severity), Span(" \(hint.id) ", theme.key), text(hint.title)]
    let evidence = hint.evidence.first.map { [faint(": " + $0.text)] } ?? []
    let name = hint.field?.split(separator: ".").last.map(String.init)
    let fix = name.map { [Span(" → \($0)" + (hint.value.map { ": " + $0 } ?? ""), theme.info)] } ?? []
    let whole = head + evidence + fix
    let cells = whole.reduce(0) { $0 + CharacterWidth.cells(of: buffer.glyphs.spelled($1.text)) }
    return cells <= width ? whole : head + fix + evidence
  }
}
