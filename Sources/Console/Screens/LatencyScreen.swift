import ControlAPI
import Terminal

extension Painter {
  /// How late requests are: the past as a heat map, the window as a curve, and what the first token waits for.
  mutating func drawLatency(_ area: Rect) {
    guard let insight = state.look?.latency,
      let distribution = insight.distributions.first(where: { $0.metric == state.insight.metric })
    else { return line(area, [faint(" " + state.lookAbsence)]) }
    var rest = area
    line(rest.takeTop(1), latencyHeadline(distribution, insight.windowSeconds))
    if area.width >= 110, area.height >= 16 {
      let side = rest.takeRight(48)
      drawHeatMap(rest, distribution)
      drawLatencySide(side, insight, distribution)
    } else {
      let parts = min(rest.height, insight.parts.count + 3)
      if rest.height >= 17 { drawParts(rest.takeBottom(parts), insight) }
      drawHeatMap(rest, distribution)
    }
  }

  private func latencyHeadline(_ distribution: LatencyDistribution, _ window: Double) -> [Span] {
    let names = LatencyMetric.allCases.flatMap { metric in
      [
        Span(
          metric.rawValue.uppercased(),
          metric == distribution.metric ? theme.key.adding(.bold) : theme.inactive
        ), text(" "),
      ]
    }
    let summary = distribution.summary
    return [text(" ")] + names
      + pairs([
        (" p50 ", quantile(summary, \.p50)), ("  p90 ", quantile(summary, \.p90)),
        ("  p99 ", quantile(summary, \.p99)), ("  mean ", Units.duration(summary.mean.value)),
        ("  n ", Units.whole(summary.count)), ("  in ", Units.span(window)),
      ])
  }

  private mutating func drawHeatMap(_ area: Rect, _ distribution: LatencyDistribution) {
    let inside = Box(
      title: [strong("\(distribution.metric.rawValue.uppercased()) over time")],
      trailing: [faint("shade = share of its column")], border: theme.queueBox
    ).draw(in: &buffer, area)
    let map = HeatMap(
      distribution.columns, now: state.shownNow, columns: inside.width - 8, rows: inside.height - 1)
    guard inside.height >= 3, inside.width > 16 else { return }
    guard !map.cells.isEmpty else { return line(inside, [faint(" no request in the last ten minutes")]) }
    for (row, bucket) in map.buckets.enumerated() {
      let label = Units.duration(LatencyScale.upperBound(bucket))
      let width = CharacterWidth.cells(of: label)
      buffer.put(label, inside.x + max(0, 6 - width), inside.y + row, theme.inactive)
      for (column, share) in map.cells[row].enumerated() {
        guard let share else { continue }
        let style = theme.text.colored(theme.latency.color(at: share))
        buffer.put(shade(share), inside.x + 8 + column, inside.y + row, style)
      }
    }
    let span = Units.duration(Double(map.secondsPerColumn * (inside.width - 8)))
    line(
      Rect(x: inside.x + 8, y: inside.maxY - 1, width: inside.width - 8, height: 1),
      [faint("\(span) ago, \(map.secondsPerColumn)s a column, to now")])
  }

  /// A shade for a share; something is never nothing.
  func shade(_ share: Double) -> String {
    guard share > 0 else { return buffer.glyphs.isPlain ? "." : "·" }
    let shades = buffer.glyphs.isPlain ? [".", ":", "+", "#"] : ["░", "▒", "▓", "█"]
    return shades[min(3, Int(share * 4))]
  }

  private mutating func drawLatencySide(
    _ area: Rect, _ insight: LatencyInsight, _ distribution: LatencyDistribution
  ) {
    var rest = area
    drawParts(rest.takeTop(insight.parts.count + 3), insight)
    drawPercentiles(rest, distribution)
  }

  /// The window's percentiles as a curve: the value at the foot, the share at the left.
  private mutating func drawPercentiles(_ area: Rect, _ distribution: LatencyDistribution) {
    var inside = Box(title: [strong("share of requests no later than")], border: theme.queueBox)
      .draw(in: &buffer, area).inset(1, 0)
    let marks = [1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 100]
    let values = distribution.percentiles
    guard values.count == 101, let most = values.last, most > 0 else {
      return line(inside, [faint("no request in the window")])
    }
    let shown =
      inside.height >= marks.count ? marks : marks.filter { [10, 50, 90, 95, 99, 100].contains($0) }
    for mark in shown {
      let row = inside.takeTop(1)
      guard row.height > 0 else { return }
      let name = mark == 100 ? "max" : "p\(mark)"
      buffer.put(name, row.x, row.y, theme.inactive)
      Meter(values[mark] / most, gradient: theme.latency, base: theme.meter)
        .draw(in: &buffer, row.x + 5, row.y, width: max(0, row.width - 14))
      let number = estimate(values[mark], distribution.summary)
      buffer.put(number, row.maxX - CharacterWidth.cells(of: number), row.y, value)
    }
  }

  /// What the time to first token is made of: means add up, percentiles tell of the tails.
  private mutating func drawParts(_ area: Rect, _ insight: LatencyInsight) {
    let means = insight.parts.map(\.summary.mean.value)
    let whole = means.compactMap(\.self).reduce(0, +)
    var inside = Box(
      title: [strong("what the first token waits for")],
      trailing: [faint("mean \(Units.duration(whole > 0 ? whole : nil))")],
      border: theme.queueBox
    ).draw(in: &buffer, area).inset(1, 0)
    let columns = [
      Column("", 13), Column("SHARE", 10, stretch: 1), Column("p50", 7, .right), Column("p99", 7, .right),
    ]
    let places = Column.place(columns, in: inside)
    let head = inside.takeTop(1)
    for (column, place) in zip(columns, places) {
      column.write([faint(column.title)], in: &buffer, place, row: head.y)
    }
    for part in insight.parts {
      let row = inside.takeTop(1)
      guard row.height > 0 else { return }
      columns[0].write([text(part.kind.title)], in: &buffer, places[0], row: row.y)
      let share = part.summary.mean.value.map { whole > 0 ? $0 / whole : 0 }
      drawMeter(share, theme.latency, places[1], row.y, state.isStale)
      columns[2].write(
        [Span(quantile(part.summary, \.p50), value)], in: &buffer, places[2], row: row.y)
      columns[3].write(
        [Span(quantile(part.summary, \.p99), value)], in: &buffer, places[3], row: row.y)
    }
  }
}

extension LatencyPart.Kind {
  var title: String {
    switch self {
    case .ingressQueue: "ingress queue"
    case .route: "routing"
    case .rankQueue: "rank queue"
    case .prefill: "prefill"
    }
  }
}

/// Seconds of a distribution laid out as cells: time from left to right, latency upwards.
struct HeatMap {
  /// Buckets from the top row down.
  private(set) var buckets: [Int] = []
  /// For every row and column, the share of the column's values, over the greatest in it; nil without any.
  private(set) var cells: [[Double?]] = []
  /// How many seconds a column holds.
  private(set) var secondsPerColumn = 1

  init(_ seconds: [LatencyColumn], now: Double, columns: Int, rows: Int) {
    guard columns > 0, rows > 0, let oldest = seconds.first else { return }
    let age = max(1, now - oldest.time)
    secondsPerColumn = [1, 2, 5, 10, 30].first { Double($0 * columns) >= age } ?? 60
    var sums = [[Int]](repeating: [], count: columns)
    for second in seconds {
      let back = Int((now - second.time) / Double(secondsPerColumn))
      guard back >= 0, back < columns else { continue }
      let column = columns - 1 - back
      if sums[column].isEmpty { sums[column] = Array(repeating: 0, count: LatencyScale.bucketCount) }
      for (offset, count) in second.counts.enumerated() where second.first + offset < LatencyScale.bucketCount
      {
        sums[column][second.first + offset] += count
      }
    }
    let filled = sums.filter { !$0.isEmpty }
    let used = (0..<LatencyScale.bucketCount).filter { bucket in filled.contains { $0[bucket] > 0 } }
    guard let low = used.first, let high = used.last else { return }
    // The upper buckets stay in sight: what is late matters more.
    let first = max(low, high - rows + 1)
    buckets = Array(
      (first...max(high, min(LatencyScale.bucketCount - 1, first + min(rows, 8) - 1))).reversed())
    cells = buckets.map { bucket in
      sums.map { column in
        guard let most = column.max(), most > 0, column[bucket] > 0 else { return nil }
        return Double(column[bucket]) / Double(most)
      }
    }
  }
}
