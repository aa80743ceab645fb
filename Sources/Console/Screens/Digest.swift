import ControlAPI
import Terminal

extension Painter {
  /// The overview for small windows: the numbers, then the ranks, then the gravest hint.
  mutating func drawDigest(_ area: Rect) {
    var rest = area
    guard let application = state.application else { return drawReplicaTable(area, key: nil) }
    let metrics = application.metrics
    pair(
      rest.takeTop(1), "req/s", Units.count(metrics.requestsPerSecond.value), "tok/s",
      Units.count(metrics.generationTokensPerSecond.value))
    pair(
      rest.takeTop(1), "TTFT", summary(metrics.ttftSeconds), "queue", Units.whole(metrics.queueDepth.value))
    pair(
      rest.takeTop(1), "TPOT", summary(metrics.tpotSeconds), "run",
      "\(Units.whole(metrics.running.value)) KV \(Units.percent(metrics.kvUsageRatio.value))")
    if let hint = application.hints.first, rest.height > 2 {
      line(rest.takeBottom(1), [mark(hint.severity), Span(" \(hint.id) ", theme.key), text(hint.title)])
    }
    let ranks = state.ranks
    let chosen = state.selectedRank.flatMap { id in ranks.firstIndex { $0.id == id } } ?? 0
    for index in ListView(selection: chosen).visible(count: ranks.count, height: rest.height) {
      let rank = ranks[index]
      let row = rest.takeTop(1)
      let pointer = index == chosen ? String(buffer.glyphs.pointer) : " "
      line(
        row,
        [Span(pointer, theme.key), strong(rank.id + " ")] + replicaState(rank)
          + [text(" " + (rank.state == .running ? load(rank) : progress(rank)))])
    }
  }

  private func load(_ rank: ReplicaStatus) -> String {
    guard !rank.stale else { return "" }
    let busy = Units.percent(rank.gpuUtilizationRatio?.value)
    return "\(busy) KV \(Units.percent(rank.kvUsageRatio?.value)) run \(Units.whole(rank.running.value))"
  }

  private func progress(_ rank: ReplicaStatus) -> String {
    rank.phase.value.map { $0.rawValue.replacing("_", with: " ") } ?? Units.unknown
  }

  private func summary(_ latency: LatencySummary) -> String {
    "\(quantile(latency, \.p50))|\(quantile(latency, \.p99)) n\(Units.whole(latency.count))"
  }

  private mutating func pair(_ row: Rect, _ one: String, _ first: String, _ two: String, _ second: String) {
    var left = row
    let right = left.takeRight(row.width * 2 / 5)
    line(left, [faint(" \(one) "), Span(first, value)])
    line(right, [faint("\(two) "), Span(second, value)])
  }
}
