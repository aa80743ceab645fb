import ControlAPI
import Glibc
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
      let parts = min(rest.height, shownParts(insight).count + 3)
      if rest.height >= 17 { drawParts(rest.takeBottom(parts), insight) }
      if rest.height >= 8 { drawCurve(rest.takeBottom(1), distribution) }
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
      title: [strong("\(distribution.metric.rawValue.uppercased()) over time")] + promise(distribution),
      trailing: [faint("shade = share of its column")], border: theme.queueBox
    ).draw(in: &buffer, area)
    let map = HeatMap(
      distribution.columns, now: state.shownNow, columns: inside.width - 8, rows: inside.height - 1)
    guard inside.height >= 3, inside.width > 16 else { return }
    guard !map.cells.isEmpty else { return line(inside, [faint(" no request in the last ten minutes")]) }
    let promised = state.application?.slo?[distribution.metric].map(LatencyScale.bucket)
    for (row, bucket) in map.buckets.enumerated() {
      if bucket == promised { drawPromise(inside, inside.y + row) }
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

  /// A dashed line across what the heat map leaves blank.
  private mutating func drawPromise(_ area: Rect, _ y: Int) {
    for x in stride(from: area.x + 8, to: area.maxX, by: 2) {
      buffer.put(String(buffer.glyphs.dash), x, y, theme.warning)
    }
  }

  /// What is promised, and how many requests of the window were later; nothing where nothing is promised.
  private func promise(_ distribution: LatencyDistribution) -> [Span] {
    guard let promised = state.application?.slo?[distribution.metric] else { return [] }
    let values = distribution.percentiles
    let late = values.isEmpty ? nil : Double(values.count { $0 > promised }) / Double(values.count)
    // What the hint H11 takes for a promise that is missed.
    let mark = late.map { $0 > 0.1 ? self.mark(.error) : $0 > 0 ? self.mark(.warning) : Span("●", theme.ok) }
    return [faint("  SLO "), Span(Units.duration(promised) + " ", value)] + (mark.map { [$0] } ?? [])
      + [faint(" \(Units.percent(late)) later")]
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
    drawParts(rest.takeTop(shownParts(insight).count + 3), insight)
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

  /// The window's distribution in one row: the share of requests, from the fastest to the slowest on a log scale.
  private mutating func drawCurve(_ row: Rect, _ distribution: LatencyDistribution) {
    let values = distribution.percentiles
    guard values.count == 101, values[100] > 0, values[100].isFinite else {
      return line(row, [faint(" CDF  no request in the window")])
    }
    func number(_ seconds: Double) -> String { estimate(seconds, distribution.summary) }
    let least = max(values[0], values[100] / 1000)
    let head = [faint(" CDF "), text(number(least) + " ")]
    let tail = pairs([(" ", number(values[100])), ("  p95 ", number(values[95]))])
    func cells(_ spans: [Span]) -> Int { spans.reduce(0) { $0 + CharacterWidth.cells(of: $1.text) } }
    let x = buffer.put(head, row.x, row.y, limit: row.width)
    let width = min(60, row.maxX - x - cells(tail))
    guard width > 4 else { return }
    let step = log(values[100] / least) / Double(width - 1)
    let shares = (0..<width).map { column -> Double? in
      let bound = column == width - 1 ? values[100] : least * exp(step * Double(column))
      return Double(values.count { $0 <= bound }) / 101
    }
    Chart(shares, top: 1, gradient: theme.latency, base: theme.text).draw(
      in: &buffer, Rect(x: x, y: row.y, width: width, height: 1))
    buffer.put(tail, x + width, row.y, limit: row.maxX - x - width)
  }

  /// The parts of the duration in view: what comes after the first token is a part of a whole request only.
  private func shownParts(_ insight: LatencyInsight) -> [LatencyPart] {
    insight.parts.filter { $0.kind != .decode || state.insight.metric == .e2e }
  }

  /// What a duration is made of: means add up, percentiles tell of the tails.
  private mutating func drawParts(_ area: Rect, _ insight: LatencyInsight) {
    let parts = shownParts(insight)
    let means = parts.map(\.summary.mean.value)
    let whole = means.compactMap(\.self).reduce(0, +)
    var inside = Box(
      title: [
        strong(state.insight.metric == .e2e ? "what a request takes" : "what the first token waits for")
      ],
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
    for part in parts {
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
    case .decode: "decode"
    }
  }
}
