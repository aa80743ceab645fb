import ControlAPI
import Terminal

extension Painter {
  /// Right of the replicas on wide windows: latencies in numbers, and the deployments.
  mutating func drawSide(_ area: Rect) {
    var rest = area
    drawLatencies(rest.takeTop(5))
    drawDeployments(rest)
  }

  private mutating func drawLatencies(_ area: Rect) {
    let metrics = state.application?.metrics
    let window = metrics.map { " window \(Units.span($0.windowSeconds))" } ?? ""
    let inside = Box(title: [strong("latency"), faint(window)], border: theme.queueBox)
      .draw(in: &buffer, area).inset(1, 0)
    let columns = [
      Column("", 5), Column("p50", 7, stretch: 1, .right), Column("p90", 7, stretch: 1, .right),
      Column("p99", 7, stretch: 1, .right), Column("mean", 7, stretch: 1, .right), Column("n", 5, .right),
    ]
    let rows: [(String, LatencySummary?)] = [("TTFT", metrics?.ttftSeconds), ("TPOT", metrics?.tpotSeconds)]
    let shares: [KeyPath<LatencySummary, Known<Double>>] = [\.p50, \.p90, \.p99]
    let places = Column.place(columns, in: inside)
    for (column, place) in zip(columns, places) {
      column.write([faint(column.title)], in: &buffer, place, row: inside.y)
    }
    for (index, (name, summary)) in rows.enumerated() where index + 1 < inside.height {
      let cells =
        [name] + shares.map { quantile(summary, $0) }
        + [Units.duration(summary?.mean.value), summary.map { Units.whole($0.count) } ?? Units.unknown]
      for (place, (column, cell)) in zip(places, zip(columns, cells)) {
        column.write(
          [Span(cell, column.title.isEmpty ? theme.text : value)], in: &buffer, place,
          row: inside.y + 1 + index)
      }
    }
  }

  private mutating func drawDeployments(_ area: Rect) {
    var inside = Box(title: [strong("deployments")], border: theme.eventBox).draw(in: &buffer, area).inset(
      1, 0)
    for deployment in state.application?.deployments ?? [] {
      let running = deployment.replicas.filter { $0.state == .running }.count
      let count =
        deployment.replicas.isEmpty && deployment.status == .healthy
        ? "" : " \(running)/\(deployment.targetReplicas)"
      line(inside.takeTop(1), [text(deployment.name)])
      line(
        inside.takeTop(1),
        [text("  "), deploymentState(deployment.status), faint(count)])
      for part in wrapped(deployment.message, width: inside.width - 2) {
        line(inside.takeTop(1), [faint("  " + part)])
      }
    }
  }

  func deploymentState(_ status: DeploymentState) -> Span {
    switch status {
    case .healthy: Span("● HEALTHY", theme.ok)
    case .updating, .upscaling, .downscaling: Span("▲ " + status.rawValue, theme.info)
    case .unhealthy: Span("⚠ UNHEALTHY", theme.warning)
    case .deployFailed: Span("✖ DEPLOY_FAILED", theme.critical)
    }
  }

  /// Lines of at most `width` cells, broken at spaces, inside words where they must.
  func wrapped(_ text: String, width: Int) -> [String] { WordWrap.lines(text, width: width) }
}
