import ControlAPI
import Terminal

extension Painter {
  mutating func drawOverview(_ area: Rect) {
    var rest = area
    let isTall = area.height >= 40
    drawCharts(rest.takeTop(isTall ? 9 : area.height >= 30 ? 7 : 5))
    if area.height >= 34, area.width >= 100 {
      drawGauges(rest.takeTop(4))
    } else {
      drawSummary(rest.takeTop(1))
    }
    let hints = state.application?.hints.count ?? 0
    let events = rest.takeBottom(isTall ? 7 : area.height >= 30 ? 5 : 3)
    let advice = rest.takeBottom(isTall ? 6 : hints > 1 ? 4 : 3)
    if area.width >= 140, rest.height >= 10 {
      let side = rest.takeRight(46)
      drawSide(side)
    }
    drawReplicaTable(rest, key: 2)
    drawHints(advice)
    drawEvents(events, isWhole: false)
  }

  private mutating func drawCharts(_ area: Rect) {
    let metrics = state.application?.metrics
    let places = area.columns(4)
    drawChart(
      places[0], "req/s", Units.count(metrics?.requestsPerSecond.value),
      metrics?.errorRatio.value.map { "failed " + Units.percent($0) } ?? "", theme.requests
    ) { $0.requestsPerSecond }
    drawChart(
      places[1], "out tok/s", Units.count(metrics?.generationTokensPerSecond.value),
      "in " + Units.count(metrics?.promptTokensPerSecond.value), theme.tokens
    ) { $0.generationTokensPerSecond }
    drawChart(
      places[2], "TTFT", quantile(metrics?.ttftSeconds, \.p50),
      "p99 " + quantile(metrics?.ttftSeconds, \.p99), theme.latency, of: metrics?.ttftSeconds.count,
      mark: state.application?.slo?.ttftSeconds
    ) { $0.ttftP50Seconds }
    drawChart(
      places[3], "TPOT", quantile(metrics?.tpotSeconds, \.p50),
      "p99 " + quantile(metrics?.tpotSeconds, \.p99), theme.latency, of: metrics?.tpotSeconds.count,
      mark: state.application?.slo?.tpotSeconds
    ) { $0.tpotP50Seconds }
  }

  /// A quantile, marked when it is interpolated.
  func quantile(_ summary: LatencySummary?, _ share: KeyPath<LatencySummary, Known<Double>>) -> String {
    estimate(summary?[keyPath: share].value, summary)
  }

  /// A duration of a distribution, marked when it is interpolated.
  func estimate(_ seconds: Double?, _ summary: LatencySummary?) -> String {
    Units.duration(seconds, isEstimate: summary?.isEstimate == true)
  }

  private mutating func drawChart(
    _ area: Rect, _ title: String, _ headline: String, _ detail: String, _ gradient: Gradient,
    of count: Int? = nil, mark: Double? = nil, _ reading: (HistoryPoint) -> Double?
  ) {
    let numbers = [Span(headline, value), faint(detail.isEmpty ? "" : "  " + detail)]
    let number = count.map { faint("n " + Units.whole($0)) }
    // Where the frame has room for all numbers, the whole inside is left to the chart.
    let isTall = area.height > 5 && area.width >= 38
    let inside = Box(
      title: [strong(title)] + (isTall ? number.map { [text(" "), $0] } ?? [] : []),
      trailing: isTall ? numbers : number.map { [$0] } ?? [], border: theme.replicaBox
    ).draw(in: &buffer, area)
    var plot = inside.inset(isTall ? 0 : 1, 0)
    if !isTall { line(plot.takeTop(1), numbers) }
    let count = Chart.sampleCount(columns: plot.width, plot.height > 1 ? buffer.glyphs.resolution : .blocks)
    Chart(
      samples(count, reading), gradient: gradient, base: theme.text, mark: mark, markStyle: theme.warning
    ).draw(in: &buffer, plot)
  }

  /// The last `count` seconds of a series.
  func samples(_ count: Int, _ reading: (HistoryPoint) -> Double?) -> [Double?] {
    let points = state.applicationName.flatMap { state.shown.history[$0] } ?? []
    return ChartSeries.samples(points, count: count, now: state.shownNow, reading)
  }

  /// One line in place of the gauges.
  private mutating func drawSummary(_ row: Rect) {
    guard let metrics = state.application?.metrics else { return }
    var spans = [
      faint(" queue "), Span(Units.whole(metrics.queueDepth.value), value), faint("  running "),
      Span(Units.whole(metrics.running.value), value), faint("  waiting "),
      Span(Units.whole(metrics.waiting.value), value), faint("  KV "),
      Span(Units.percent(metrics.kvUsageRatio.value), value),
    ]
    if let fullest = fullestCache {
      spans.append(faint("  max \(Units.percent(fullest.share)) \(fullest.id)"))
    }
    if let busy = busyRange { spans.append(faint("  busy " + busy)) }
    line(row, spans)
  }

  /// The rank with the fullest cache.
  var fullestCache: (id: String, share: Double)? {
    (state.application?.replicas(.rank) ?? []).compactMap { rank in
      rank.stale || rank.state != .running ? nil : rank.kvUsageRatio?.value.map { (id: rank.id, share: $0) }
    }.max { $0.share < $1.share }
  }

  /// The least and most busy rank, in words.
  var busyRange: String? {
    let shares = (state.application?.replicas(.rank) ?? []).filter { !$0.stale && $0.state == .running }
      .compactMap { $0.gpuUtilizationRatio?.value }
    guard let least = shares.min(), let most = shares.max() else { return nil }
    return "\(Units.percent(least))…\(Units.percent(most))"
  }

  private mutating func drawGauges(_ area: Rect) {
    let metrics = state.application?.metrics
    let places = area.columns(4)
    drawGauge(
      places[0], "queue",
      [Span(Units.whole(metrics?.queueDepth.value), value), faint(" waiting in the ingress")],
      theme.queueBox, theme.queue
    ) { $0.queueDepth }
    drawGauge(
      places[1], "running",
      [
        Span(Units.whole(metrics?.running.value), value), faint("  waiting "),
        Span(Units.whole(metrics?.waiting.value), value),
      ],
      theme.queueBox, theme.requests
    ) { $0.running }
    let fullest = fullestCache.map { "  max \(Units.percent($0.share)) \($0.id)" } ?? ""
    drawGauge(
      places[2], "KV cache", [Span(Units.percent(metrics?.kvUsageRatio.value), value), faint(fullest)],
      theme.cacheBox, theme.cache, top: 1
    ) { $0.kvUsageRatio }
    let inside = Box(title: title("ingress", key: 3), border: theme.queueBox).draw(in: &buffer, places[3])
      .inset(
        1, 0)
    drawIngressSummary(inside)
  }

  private mutating func drawGauge(
    _ area: Rect, _ title: String, _ headline: [Span], _ border: CellStyle, _ gradient: Gradient,
    top: Double? = nil, _ reading: (HistoryPoint) -> Double?
  ) {
    var inside = Box(title: [strong(title)], border: border).draw(in: &buffer, area).inset(1, 0)
    line(inside.takeTop(1), headline)
    Chart(samples(inside.width, reading), top: top, gradient: gradient, base: theme.text).draw(
      in: &buffer, inside)
  }

  private mutating func drawIngressSummary(_ area: Rect) {
    var rows = area
    let fresh = state.ingress.filter { !$0.stale && $0.state == .running }
    let flying = fresh.compactMap(\.running.value)
    let hottest = fresh.compactMap { replica in replica.cpuRatio.value.map { ($0, replica.id) } }.max {
      $0 < $1
    }
    let sum = flying.isEmpty ? nil : flying.total
    line(rows.takeTop(1), [Span(Units.whole(sum), value), faint(" in flight")])
    line(
      rows.takeTop(1),
      [faint("cpu max "), Span(Units.percent(hottest?.0), value), faint(hottest.map { " \($0.1)" } ?? "")])
  }
}
