import ControlAPI
import Terminal

extension Painter {
  /// Where requests wait, and for how long.
  mutating func drawQueue(_ area: Rect) {
    var rest = area
    line(rest.takeTop(1), queueSummary)
    let metrics = state.application?.metrics
    if area.height >= 12 {
      let places = rest.takeTop(area.height >= 40 ? 10 : area.height >= 28 ? 8 : 6).columns(
        area.width >= 100 ? 3 : 2)
      drawHistory(places[0], "ingress queue", Units.whole(metrics?.queueDepth.value), theme.queue) {
        $0.queueDepth
      }
      drawHistory(places[1], "running", Units.whole(metrics?.running.value), theme.requests) { $0.running }
      if places.count > 2 {
        drawHistory(places[2], "KV", Units.percent(metrics?.kvUsageRatio.value), theme.cache, top: 1) {
          $0.kvUsageRatio
        }
      }
    }
    let queues = state.queues
    let inside = Box(
      title: [strong("who waits where")], trailing: filterMark + [faint("\(queues.count) queues")],
      border: theme.queueBox
    ).draw(in: &buffer, rest)
    guard !queues.isEmpty else { return line(inside, [faint(absence)]) }
    let chosen = state.selectedQueue.flatMap { id in queues.firstIndex { $0.id == id } } ?? 0
    drawTable(inside, queues, chosen: chosen, ReplicaColumns.queues(queues), sortedBy: "WAIT")
  }

  /// The time until the queues are empty, if nothing came, is what waits over what is answered (Little's law).
  private var queueSummary: [Span] {
    guard let metrics = state.application?.metrics else { return [faint(absence)] }
    let waits = [metrics.queueDepth.value, metrics.waiting.value].compactMap(\.self)
    let all = waits.isEmpty ? nil : waits.total
    let drain = all.flatMap { all in
      metrics.requestsPerSecond.value.flatMap { $0 > 0 ? Double(all) / $0 : all == 0 ? 0 : nil }
    }
    return pairs([
      (" in the ingress ", Units.whole(metrics.queueDepth.value)),
      ("  in the ranks ", Units.whole(metrics.waiting.value)),
      ("  running ", Units.whole(metrics.running.value)),
      ("  answered/s ", Units.count(metrics.requestsPerSecond.value)),
      ("  drained in ≈", Units.duration(drain)),
    ])
  }
}
