import ControlAPI
import Terminal

/// What stands in a cell of a table.
enum TableCell {
  case spans([Span])
  /// A bar with its number.
  case meter(Double?, Gradient, isStale: Bool)
  /// The last seconds as a line of steps.
  case spark([Double?], top: Double?, Gradient)
  /// How far a start has come, over this and all further columns.
  case start(ReplicaStatus)
}

/// What has rows in tables.
protocol TableRow {
  /// What a click chooses it by.
  var rowID: String { get }
}

extension ReplicaStatus: TableRow { var rowID: String { id } }
extension NodeSummary: TableRow { var rowID: String { name } }

/// A column of a table over rows of one kind.
struct TableColumn<Row> {
  var column: Column
  /// Which columns go first where there is no room: those of the greatest number.
  var importance: Int
  var cell: (Painter, Row) -> TableCell

  init(_ column: Column, _ importance: Int, _ cell: @escaping (Painter, Row) -> TableCell) {
    (self.column, self.importance, self.cell) = (column, importance, cell)
  }

  /// As many columns as fit whole into `width` cells, the most important ones, in their order.
  static func fitting(_ columns: [TableColumn], in width: Int) -> [TableColumn] {
    var room = width + 1
    var kept: Set<Int> = []
    for (index, column) in columns.enumerated().sorted(by: { $0.element.importance < $1.element.importance })
    {
      guard column.column.width + 1 <= room else { break }
      room -= column.column.width + 1
      kept.insert(index)
    }
    return columns.enumerated().filter { kept.contains($0.offset) }.map(\.element)
  }
}

extension Painter {
  /// Draws the head and the rows in sight, however many there are.
  mutating func drawTable<Row: TableRow>(
    _ area: Rect, _ rows: [Row], chosen: Int?, _ columns: [TableColumn<Row>], sortedBy sorted: String? = nil
  ) {
    var body = Rect(x: area.x + 1, y: area.y, width: area.width - 1, height: area.height)
    let head = body.takeTop(1)
    let columns = TableColumn.fitting(columns, in: body.width)
    let places = Column.place(columns.map(\.column), in: body)
    for (column, place) in zip(columns, places) {
      let isSorted = column.column.title == sorted
      let span = isSorted ? Span(column.column.title + "▾", theme.key) : faint(column.column.title)
      column.column.write([span], in: &buffer, place, row: head.y)
      if sorted != nil, let order = ReplicaOrder(title: column.column.title), !place.isEmpty {
        hits.append(
          Hit(area: Rect(x: place.x, y: head.y, width: place.width, height: 1), action: .sort(order)))
      }
    }
    for index in ListView(selection: chosen ?? 0).visible(count: rows.count, height: body.height) {
      let row = body.takeTop(1)
      drawRow(rows[index], row, columns, places)
      hits.append(Hit(area: row, action: .row(rows[index].rowID)))
      if index == chosen { highlight(Rect(x: area.x, y: row.y, width: area.width, height: 1)) }
    }
  }

  private mutating func drawRow<Row>(
    _ value: Row, _ row: Rect, _ columns: [TableColumn<Row>], _ places: [Rect]
  ) {
    for (column, place) in zip(columns, places) {
      switch column.cell(self, value) {
      case .spans(let spans): column.column.write(spans, in: &buffer, place, row: row.y)
      case .meter(let share, let gradient, let isStale): drawMeter(share, gradient, place, row.y, isStale)
      case .spark(let samples, let top, let gradient):
        Chart(samples, top: top, gradient: gradient, base: theme.text).draw(
          in: &buffer, Rect(x: place.x, y: row.y, width: place.width, height: 1))
      case .start(let replica):
        return drawStart(replica, Rect(x: place.x, y: row.y, width: row.maxX - place.x, height: 1))
      }
    }
  }

  mutating func highlight(_ row: Rect) {
    buffer.put(String(buffer.glyphs.pointer), row.x, row.y, theme.key)
    let selected = theme.selected
    buffer.restyle(row) { style in
      selected.background == .terminal
        ? style.adding(selected.attributes.union(.bold)) : style.on(selected.background)
    }
  }

  mutating func drawMeter(_ share: Double?, _ gradient: Gradient, _ place: Rect, _ y: Int, _ isStale: Bool) {
    let number = Units.percent(share)
    let style = isStale ? theme.stale : theme.text
    Meter(share, gradient: isStale ? Gradient(theme.stale.foreground) : gradient, base: theme.meter)
      .draw(in: &buffer, place.x, y, width: max(0, place.width - 5))
    buffer.put(number, place.maxX - CharacterWidth.cells(of: number), y, style)
  }

  /// How far a replica's start has come.
  private mutating func drawStart(_ replica: ReplicaStatus, _ place: Rect) {
    guard let phase = replica.phase.value else {
      let restarts = replica.restarts > 0 ? "restarts \(replica.restarts)" : ""
      buffer.put(restarts, place.x, place.y, theme.inactive, limit: place.width)
      return
    }
    let share = StartProgress.share(phase, replica.phaseProgress)
    let width = min(16, max(0, place.width - 44))
    let words = text(phase.rawValue.replacing("_", with: " ") + " ")
    let x = buffer.put([words], place.x, place.y, limit: place.width)
    if width > 3 {
      Meter(share, gradient: theme.busy, base: theme.meter).draw(in: &buffer, x, place.y, width: width)
    }
    let rest = " \(Units.percent(share))" + (replica.restarts > 0 ? "  restarts \(replica.restarts)" : "")
    let end = x + (width > 3 ? width : 0)
    buffer.put(rest, end, place.y, theme.text, limit: place.maxX - end)
  }
}

/// How far a start has come, over all its phases.
enum StartProgress {
  static func share(_ phase: ReplicaPhase, _ progress: Double?) -> Double {
    let phases = ReplicaPhase.allCases
    guard phase != .ready, let index = phases.firstIndex(of: phase) else { return 1 }
    return (Double(index) + min(max(progress ?? 0, 0), 1)) / Double(phases.count - 1)
  }
}
