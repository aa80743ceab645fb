import ControlAPI
import Terminal

extension Painter {
  /// How the experts are loaded: each layer over the ranks, the ranks' time, and the hottest experts.
  mutating func drawExperts(_ area: Rect) {
    guard let insight = state.look else {
      let isAttached = state.application?.revision == 0
      return line(area, [faint(isAttached ? " attached pages do not tell" : " " + state.lookAbsence)])
    }
    guard let experts = insight.experts, !experts.ranks.isEmpty else {
      return line(area, [faint(" no rank tells the load of its experts")])
    }
    var rest = area
    line(rest.takeTop(1), expertHeadline(experts))
    if area.height >= 16 { line(rest.takeTop(1), exchangeHeadline) }
    if area.width >= 110, area.height >= 16 {
      var side = rest.takeRight(68)
      drawExpertMap(rest, experts)
      drawHotExperts(side.takeBottom(min(side.height / 2, experts.hottest.count + 3)), experts)
      drawStepTimes(side, experts)
    } else if area.height >= 16 {
      drawHotExperts(rest.takeBottom(6), experts)
      if area.height >= 20 { drawStepTimes(rest.takeBottom(min(6, experts.ranks.count + 3)), experts) }
      drawExpertMap(rest, experts)
    } else {
      drawExpertMap(rest, experts)
    }
  }

  private func expertHeadline(_ experts: ExpertInsight) -> [Span] {
    let known = experts.balancedness.compactMap(\.value)
    let mean = known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
    let worst = experts.balancedness.enumerated().compactMap { index, share in
      share.value.map { (index, $0) }
    }.min { $0.1 < $1.1 }
    let rows = experts.rows.joined().total
    let perSecond = experts.windowSeconds > 0 ? Double(rows) / experts.windowSeconds : nil
    return pairs([
      (" balancedness ", mean.map { Units.decimals($0, 2) } ?? Units.unknown),
      ("  worst ", worst.map { "\(Units.decimals($0.1, 2)) in layer \($0.0)" } ?? Units.unknown),
      ("  rows/s ", Units.count(perSecond)), ("  over ", Units.duration(experts.windowSeconds)),
    ])
  }

  /// How the ranks exchange rows: in how many pieces, how long these are on the links, how much of that is hidden.
  private var exchangeHeadline: [Span] {
    let fleet = Fleet(state.ranks)
    let pieces = fleet.most { $0.chunksPerStep?.value }
    return pairs([
      (" pieces a step ", pieces.map { "\(Units.count($0.value)) \($0.id)" } ?? Units.unknown),
      ("  on links ", Units.percent(fleet.median { $0.linkRatio?.value })),
      ("  steps that overlap ", Units.percent(fleet.median { $0.overlapRatio?.value })),
    ])
  }

  /// Layers downwards, ranks to the right; shades tell a rank's rows over the greatest of its layer.
  private mutating func drawExpertMap(_ area: Rect, _ experts: ExpertInsight) {
    var inside = Box(
      title: [strong("rows by layer and rank")], trailing: [faint("shade = of the layer's most")],
      border: theme.replicaBox
    ).draw(in: &buffer, area)
    let room = inside.width - 21
    let perRank = max(1, min(8, room / max(1, experts.ranks.count)))
    let shown = experts.ranks.prefix(max(0, room / perRank))
    let head = inside.takeTop(1)
    buffer.put(" LAYER   EVEN  ROWS", head.x, head.y, theme.inactive, limit: head.width)
    for (index, id) in shown.enumerated() where perRank > id.count || index % 4 == 0 && perRank * 4 > id.count
    {
      buffer.put(id, head.x + 21 + index * perRank, head.y, theme.inactive, limit: head.maxX - head.x - 21)
    }
    let first = min(state.scroll[.experts] ?? 0, max(0, experts.rows.count - inside.height))
    for layer in experts.rows.indices.dropFirst(first).prefix(inside.height) {
      drawLayer(inside.takeTop(1), layer, experts, shown.count, perRank)
    }
  }

  private mutating func drawLayer(
    _ row: Rect, _ layer: Int, _ experts: ExpertInsight, _ rankCount: Int, _ perRank: Int
  ) {
    let loads = experts.rows[layer]
    let even = experts.balancedness[layer].value
    func padded(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - CharacterWidth.cells(of: text))) + text
    }
    let (glyph, mark) =
      even.map {
        $0 < 0.5
          ? (buffer.glyphs.critical, theme.critical)
          : $0 < 0.75 ? (buffer.glyphs.warning, theme.warning) : (buffer.glyphs.ok, theme.ok)
      } ?? (" ", theme.inactive)
    line(
      row,
      [
        text(padded(String(layer), 6)),
        Span(" \(glyph)" + padded(even.map { Units.decimals($0, 2) } ?? Units.unknown, 5), mark),
        text(padded(Units.count(Double(loads.total)), 6)),
      ])
    let most = Double(max(1, loads.max() ?? 1))
    for (index, load) in loads.prefix(rankCount).enumerated() {
      let share = Double(load) / most
      let cells = String(repeating: shade(share), count: max(1, perRank - 1))
      buffer.put(
        cells, row.x + 21 + index * perRank, row.y, theme.text.colored(theme.busy.color(at: share)),
        limit: perRank)
    }
  }

  /// How each rank spends its time, and how it exchanges rows; what waits in dispatch and combine is a part of the experts' time.
  private mutating func drawStepTimes(_ area: Rect, _ experts: ExpertInsight) {
    var inside = Box(title: [strong("where the time goes")], border: theme.cacheBox)
      .draw(in: &buffer, area).inset(1, 0)
    let titles = ["ATTN", "EXPERT", "COMM", "LINK", "SAMPLE", "DUMMY", "IDLE", "PIECES", "OVERLAP"]
    let columns =
      [Column("RANK", 7)] + titles.map { Column($0, max(4, $0.count), stretch: 1, .right) }
    let places = Column.place(columns, in: inside)
    let head = inside.takeTop(1)
    for (column, place) in zip(columns, places) {
      column.write([faint(column.title)], in: &buffer, place, row: head.y)
    }
    for (id, time) in zip(experts.ranks, experts.time).prefix(inside.height) {
      let row = inside.takeTop(1)
      let rank = state.application?.replicas(.rank).first { $0.id == id }
      let shares = [
        time.attention.value, time.experts.value, time.communication.value, rank?.linkRatio?.value,
        time.sample.value, time.dummy.value, time.idle.value,
      ]
      let texts =
        shares.map(Units.percent) + [
          Units.count(rank?.chunksPerStep?.value), Units.percent(rank?.overlapRatio?.value),
        ]
      let cells = [strong(id)] + texts.map { Span($0, value) }
      for (cell, (column, place)) in zip(cells, zip(columns, places)) {
        column.write([cell], in: &buffer, place, row: row.y)
      }
    }
  }

  private mutating func drawHotExperts(_ area: Rect, _ experts: ExpertInsight) {
    var inside = Box(
      title: [strong("hottest experts")], trailing: [faint("× the mean of the layer")], border: theme.eventBox
    ).draw(in: &buffer, area).inset(1, 0)
    if experts.hottest.isEmpty { line(inside, [faint("no row was computed")]) }
    for hot in experts.hottest.prefix(inside.height) {
      line(
        inside.takeTop(1),
        [
          Span("e\(hot.expert)", theme.key), faint(" layer \(hot.layer)  "),
          Span(Units.decimals(hot.timesMean, 1) + "×", value),
          faint("  \(Units.count(Double(hot.rows))) rows  on "),
          text(hot.ranks.joined(separator: " ")),
        ])
    }
  }
}
