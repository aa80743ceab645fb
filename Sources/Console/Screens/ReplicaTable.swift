import ControlAPI
import Terminal

extension Painter {
  mutating func drawReplicaTable(_ area: Rect, key: Int?) {
    let ranks = state.ranks
    let order = state.order == .id ? "" : "by \(state.order.rawValue)  "
    let inside = Box(
      title: title("replicas", key: key), trailing: [faint(order + "\(ranks.count) ranks")],
      border: theme.replicaBox
    ).draw(in: &buffer, area)
    guard !ranks.isEmpty else { return line(inside, [faint(absence)]) }
    drawTable(inside, ranks, selected: state.selectedRank, columns: rankColumns(inside.width, ranks)) {
      $0.rankCell($1, $2)
    }
  }

  mutating func drawIngressTable(_ area: Rect) {
    let replicas = state.ingress
    let inside = Box(
      title: [strong("ingress")], trailing: [faint("\(replicas.count) replicas")], border: theme.queueBox
    ).draw(in: &buffer, area)
    guard !replicas.isEmpty else { return line(inside, [faint(absence)]) }
    let columns = [
      Column("ID", 11), Column("STATE", 11), Column("CPU", 10, stretch: 1), Column("RUN", 5, .right),
      Column("WAIT", 5, .right), Column("REQ/S", 6, .right), Column("TOK/S", 7, .right),
      Column("TTFT", 7, .right), Column("RSS", 5, .right),
    ]
    drawTable(inside, replicas, selected: state.selectedIngress, columns: columns) { $0.rankCell($1, $2) }
  }

  private var absence: String {
    switch state.connection {
    case .connecting: " asking the controller …"
    case .lost(let reason): " " + reason
    case .live: state.application == nil ? " nothing runs; 0 lists what could" : " no replica yet"
    }
  }

  /// Only the rows in sight are rendered.
  private mutating func drawTable(
    _ area: Rect, _ replicas: [ReplicaStatus], selected: String?, columns: [Column],
    cell: (Painter, ReplicaStatus, Column) -> Cell
  ) {
    var rows = area
    let head = rows.takeTop(1)
    var body = Rect(x: area.x + 1, y: rows.y, width: area.width - 1, height: rows.height)
    let places = Column.place(columns, in: body)
    for (column, place) in zip(columns, places) {
      column.write([faint(column.title)], in: &buffer, place, row: head.y)
    }
    let chosen = selected.flatMap { id in replicas.firstIndex { $0.id == id } } ?? 0
    let seen = ListView(selection: chosen, offset: 0).visible(count: replicas.count, height: body.height)
    for index in seen {
      let row = body.takeTop(1)
      let isChosen = index == chosen
      drawRow(replicas[index], row, places, columns, cell)
      if isChosen { highlight(Rect(x: area.x, y: row.y, width: area.width, height: 1)) }
    }
  }

  private mutating func highlight(_ row: Rect) {
    buffer.put(String(buffer.glyphs.pointer), row.x, row.y, theme.key)
    let selected = theme.selected
    buffer.restyle(row) { style in
      selected.background == .terminal
        ? style.adding(selected.attributes.union(.bold)) : style.on(selected.background)
    }
  }

  /// A cell: spans, or a meter with its number.
  enum Cell {
    case spans([Span])
    case meter(Double?, Gradient)
  }

  private mutating func drawRow(
    _ replica: ReplicaStatus, _ row: Rect, _ places: [Rect], _ columns: [Column],
    _ cell: (Painter, ReplicaStatus, Column) -> Cell
  ) {
    for (column, place) in zip(columns, places) {
      let isFirst = ["RANK", "STATE", "NODE", "ID"].contains(column.title)
      if !isFirst, replica.state != .running {
        drawStart(replica, Rect(x: place.x, y: row.y, width: row.maxX - place.x, height: 1))
        return
      }
      switch cell(self, replica, column) {
      case .spans(let spans): column.write(spans, in: &buffer, place, row: row.y)
      case .meter(let share, let gradient): drawMeter(share, gradient, place, row.y, replica.stale)
      }
    }
  }

  private mutating func drawMeter(
    _ share: Double?, _ gradient: Gradient, _ place: Rect, _ y: Int, _ isStale: Bool
  ) {
    let number = Units.percent(share)
    let style = isStale ? theme.stale : theme.text
    Meter(share, gradient: isStale ? Gradient(theme.stale.foreground) : gradient, base: theme.meter)
      .draw(in: &buffer, place.x, y, width: max(0, place.width - 5))
    buffer.put(number, place.maxX - CharacterWidth.cells(of: number), y, style)
  }

  /// How far a replica's start has come.
  private mutating func drawStart(_ replica: ReplicaStatus, _ place: Rect) {
    var spans: [Span] = []
    if let phase = replica.phase.value {
      spans.append(text(phase.rawValue.replacing("_", with: " ") + " "))
      let share = StartProgress.share(phase, replica.phaseProgress)
      let width = min(16, max(0, place.width - 44))
      let x = buffer.put(spans, place.x, place.y, limit: place.width)
      if width > 3 {
        Meter(share, gradient: theme.busy, base: theme.meter).draw(in: &buffer, x, place.y, width: width)
      }
      let rest = " \(Units.percent(share))" + (replica.restarts > 0 ? "  restarts \(replica.restarts)" : "")
      buffer.put(rest, x + (width > 3 ? width : 0), place.y, theme.text, limit: place.maxX - x - width)
    } else {
      let restarts = replica.restarts > 0 ? "restarts \(replica.restarts)" : ""
      buffer.put(restarts, place.x, place.y, theme.inactive, limit: place.width)
    }
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
