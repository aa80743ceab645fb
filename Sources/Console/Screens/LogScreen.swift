import ControlAPI
import Terminal

extension Painter {
  /// Log lines and events in one stream, the newest at the foot.
  mutating func drawLogs(_ area: Rect) {
    let book = state.logs
    let entries = state.logEntries
    let last = max(
      0, entries.count - (book.isFollowing ? 0 : min(book.hiddenBelow, max(0, entries.count - 1))))
    var inside = Box(
      title: [
        strong("logs and events"),
        faint(
          " of " + (book.replica ?? "all replicas") + (state.replay == nil ? "" : "; no lines are recorded")),
      ],
      trailing: standing(book, last, entries.count), border: theme.eventBox
    ).draw(in: &buffer, area).inset(1, 0)
    guard !entries.isEmpty else { return line(inside, [faint(silence(book))]) }
    let pattern = TextPattern(book.search)
    let idWidth = min(12, entries.suffix(500).map { $0.replica?.count ?? 0 }.max() ?? 0)
    var rows: [[Span]] = []
    for entry in entries[..<last].reversed() {
      rows.insert(contentsOf: spans(entry, pattern, idWidth, inside.width), at: 0)
      if rows.count >= inside.height { break }
    }
    for row in rows.suffix(inside.height) { line(inside.takeTop(1), row) }
  }

  private func standing(_ book: LogBook, _ last: Int, _ count: Int) -> [Span] {
    var spans: [Span] = []
    if !book.filter.isEmpty { spans.append(Span("& \(book.filter)  ", theme.info)) }
    if !book.search.isEmpty { spans.append(Span("/ \(book.search)  ", theme.key)) }
    spans.append(faint("\(last)/\(count)  "))
    spans.append(
      book.isFollowing
        ? Span("\(buffer.glyphs.ok) follow", theme.ok) : Span("\(buffer.glyphs.warning) held", theme.warning))
    return spans
  }

  private func silence(_ book: LogBook) -> String {
    if !book.filter.isEmpty { return "no line passes & \(book.filter)" }
    if state.replay != nil { return "a recording holds events and no log lines" }
    if state.application?.revision == 0 { return "attached pages have no logs" }
    if book.cursor == nil { return "reading the logs …" }
    return state.frozen == nil ? "nothing was logged yet" : "no line is known of before this moment"
  }

  /// An entry as one row, or as many as it needs when lines are wrapped.
  private func spans(_ entry: LogBook.Entry, _ pattern: TextPattern, _ idWidth: Int, _ width: Int) -> [[Span]]
  {
    let clock = entry.time.map { WallTime.clock($0, offset: state.utcOffset) } ?? "        "
    let id = entry.replica ?? ""
    let padded = id + String(repeating: " ", count: max(0, idWidth - id.count))
    let mark = entry.severity.map(mark) ?? faint(" ")
    let head = [faint(clock + " "), Span(padded + " ", theme.key), mark, text(" ")]
    let room = width - idWidth - 12
    guard state.logs.isWrapping, room > 10 else { return [head + highlighted(entry.text, pattern)] }
    let parts = WordWrap.lines(entry.text, width: room)
    let indent = [text(String(repeating: " ", count: idWidth + 12))]
    return parts.enumerated().map { ($0.offset == 0 ? head : indent) + highlighted($0.element, pattern) }
  }

  private func highlighted(_ line: String, _ pattern: TextPattern) -> [Span] {
    var spans: [Span] = []
    var start = line.startIndex
    for range in pattern.ranges(in: line) {
      spans.append(text(String(line[start..<range.lowerBound])))
      spans.append(Span(String(line[range]), theme.selected.adding(.bold)))
      start = range.upperBound
    }
    return spans + [text(String(line[start...]))]
  }
}
