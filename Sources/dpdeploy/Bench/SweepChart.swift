import CommandLine
import Terminal

/// Throughput, and a latency below it, as bars over the levels of a sweep.
struct SweepChart {
  let report: SweepReport
  /// The latency that is drawn, and its bound as a line; without an objective TPOT p95.
  let bound: LatencyObjective.Bound?

  private static let height = 5
  private static let labelWidth = 9

  /// The chart in a terminal's width, or as much of it as fits.
  func render(width: Int, glyphs: GlyphSet, depth: ColorDepth) -> String {
    let points = report.points
    let widest = points.map { "\($0.level)".count }.max() ?? 1
    let pitch = min(8, max(widest + 1, (width - Self.labelWidth) / max(1, points.count)))
    var buffer = CellBuffer(
      width: min(width, Self.labelWidth + pitch * points.count), height: 2 * Self.height + 3, glyphs: glyphs)
    draw(points.map(\.throughput), title: "tokens a second", mark: nil, Quantity.rate, pitch, 0, &buffer)
    let shown = bound ?? LatencyObjective.Bound(latency: .tpot, statistic: .p95, seconds: 0)
    let name = "\(shown.latency.rawValue.uppercased()) \(shown.statistic.rawValue)"
    draw(
      points.map { $0.report.flatMap(shown.measured) },
      title: name + (bound == nil ? "" : ", its bound dashed"),
      mark: bound?.seconds, { Quantity.seconds($0) }, pitch, Self.height + 1, &buffer)
    for (index, point) in points.enumerated() {
      buffer.put("\(point.level)", Self.labelWidth + index * pitch, 2 * Self.height + 2, CellStyle())
    }
    return depth == .monochrome ? buffer.text + "\n" : buffer.ansi(depth: depth)
  }

  private func draw(
    _ values: [Double?], title: String, mark: Double?, _ text: (Double?) -> String, _ pitch: Int, _ y: Int,
    _ buffer: inout CellBuffer
  ) {
    let top = Chart.roundTop(max(values.compactMap(\.self).max() ?? 0, mark ?? 0))
    buffer.put(title, Self.labelWidth, y, CellStyle(.terminal, .dim))
    buffer.put(text(top), 0, y + 1, CellStyle(.terminal, .dim), limit: Self.labelWidth - 1)
    let area = Rect(x: Self.labelWidth, y: y + 1, width: pitch * values.count, height: Self.height)
    for (index, value) in values.enumerated() {
      let bar = Rect(x: area.x + index * pitch, y: area.y, width: pitch - 1, height: Self.height)
      let samples = Chart.sampleCount(columns: bar.width, buffer.glyphs.resolution)
      Chart(
        Array(repeating: value, count: samples), top: top, gradient: Gradient(color(of: index)),
        base: CellStyle()
      ).draw(in: &buffer, bar)
    }
    // Over the bars, or those that exceed it would hide it.
    Chart([], top: top, gradient: Gradient(.terminal), base: CellStyle(), mark: mark).draw(in: &buffer, area)
  }

  private func color(of index: Int) -> Color {
    switch report.points[index].isInside {
    case true?: .rgb(90, 190, 120)
    case false?: .rgb(220, 90, 80)
    case nil: .terminal
    }
  }
}

extension StandardStreams {
  /// The characters that standard output can show, by locale and terminal.
  var glyphs: GlyphSet {
    let isPlain = TerminalProfile.isPlain(Self.variable("TERM") ?? "")
    return TerminalScreen.chooseLocale(Self.variable) && !isPlain ? .braille : .ascii
  }

  /// How many colours standard output can show.
  var depth: ColorDepth {
    outputStyle.isColoured ? max(.ansi16, ColorWish.claimed(environment: Self.variable)) : .monochrome
  }
}
