import ControlAPI
import Terminal

extension Painter {
  /// The ingress: how it scales, how it does, and every replica of it.
  mutating func drawIngress(_ area: Rect) {
    var rest = area
    let scaling = state.application?.deployments.first { $0.name == "OpenAiIngress" }?.autoscaling
    if area.height >= 12 { drawScaling(rest.takeTop(scaling == nil ? 4 : 5), scaling) }
    if area.height >= 28 { drawIngressCharts(rest.takeTop(area.height >= 40 ? 9 : 6)) }
    drawIngressTable(rest)
  }

  private mutating func drawIngressTable(_ area: Rect) {
    let replicas = state.ingress
    let inside = Box(
      title: [strong("ingress")], trailing: filterMark + [faint("\(replicas.count) replicas")],
      border: theme.queueBox
    ).draw(in: &buffer, area)
    guard !replicas.isEmpty else { return line(inside, [faint(absence)]) }
    let chosen = state.selectedIngress.flatMap { id in replicas.firstIndex { $0.id == id } } ?? 0
    drawTable(inside, replicas, chosen: chosen, ReplicaColumns.ingress(replicas))
  }

  private mutating func drawScaling(_ area: Rect, _ scaling: ScalingStatus?) {
    let fleet = Fleet(state.ingress)
    let ready = state.application?.readiness(.ingress)
    let count = ready.map { "\($0.running)/\($0.target)" } ?? Units.unknown
    let bounds = scaling.map { "  autoscaled \($0.minReplicas)…\($0.maxReplicas)" } ?? "  a fixed number"
    var inside = Box(title: [strong("scale "), Span(count, value), faint(bounds)], border: theme.queueBox)
      .draw(in: &buffer, area).inset(1, 0)
    let hottest = fleet.most { $0.cpuRatio.value }
    line(
      inside.takeTop(1),
      pairs([
        ("in flight ", whole(fleet.sum { $0.running.value.map(Double.init) })),
        ("  waiting ", whole(fleet.sum { $0.waiting.value.map(Double.init) })),
        ("  req/s ", Units.count(state.application?.metrics.requestsPerSecond.value)),
        ("  cpu max ", Units.percent(hottest?.value) + (hottest.map { " " + $0.id } ?? "")),
      ]))
    let metrics = state.application?.metrics
    line(
      inside.takeTop(1),
      pairs([
        ("failed ", Units.percent(metrics?.errorRatio.value)),
        ("  refused ", Units.percent(metrics?.refusedRatio?.value)),
        ("  clients left ", Units.percent(metrics?.abortedRatio?.value)),
        ("  TTFT p50 ", quantile(metrics?.ttftSeconds, \.p50)),
        ("  p99 ", quantile(metrics?.ttftSeconds, \.p99)),
        ("  n ", Units.whole(metrics?.ttftSeconds.count)),
      ]))
    guard let scaling else { return }
    let target = Units.decimals(scaling.targetOngoingRequests, 1)
    let wanted = scaling.wantedReplicas.value.map { String($0) } ?? Units.unknown
    line(
      inside.takeTop(1),
      pairs([
        ("ongoing ", Units.count(scaling.ongoingRequests.value)), ("  target ", target),
        ("/rep → want ", wanted),
      ])
        + [faint("  " + (scaling.decision.value ?? "not decided yet"))])
  }

  private mutating func drawIngressCharts(_ area: Rect) {
    let places = area.columns(3)
    let metrics = state.application?.metrics
    drawHistory(
      places[0], "req/s", Units.count(metrics?.requestsPerSecond.value), theme.requests
    ) { $0.requestsPerSecond }
    drawHistory(places[1], "queue", Units.whole(metrics?.queueDepth.value), theme.queue) { $0.queueDepth }
    drawHistory(
      places[2], "TTFT p99", quantile(metrics?.ttftSeconds, \.p99), theme.latency,
      mark: state.application?.slo?.ttftSeconds
    ) { $0.ttftP99Seconds }
  }

  /// A boxed chart of the application's past.
  mutating func drawHistory(
    _ area: Rect, _ name: String, _ number: String, _ gradient: Gradient, top: Double? = nil,
    mark: Double? = nil, _ reading: (HistoryPoint) -> Double?
  ) {
    let inside = Box(title: [strong(name)], trailing: [Span(number, value)], border: theme.queueBox)
      .draw(in: &buffer, area)
    let resolution = inside.height > 1 ? buffer.glyphs.resolution : .blocks
    let count = Chart.sampleCount(columns: inside.width, resolution)
    Chart(
      samples(count, reading), top: top, gradient: gradient, base: theme.text, mark: mark,
      markStyle: theme.warning
    ).draw(in: &buffer, inside)
  }
}
