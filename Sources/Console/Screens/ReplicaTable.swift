import ControlAPI
import Terminal

extension Painter {
  mutating func drawReplicaTable(_ area: Rect, key: Int?) {
    let ranks = state.ranks
    let order = state.order == .id ? "" : "by \(state.order.title(of: ranks))  "
    let inside = Box(
      title: title("replicas", key: key), trailing: filterMark + [faint(order + "\(ranks.count) ranks")],
      border: theme.replicaBox
    ).draw(in: &buffer, area)
    guard !ranks.isEmpty else { return line(inside, [faint(absence)]) }
    let chosen = state.selectedRank.flatMap { id in ranks.firstIndex { $0.id == id } } ?? 0
    drawTable(
      inside, ranks, chosen: chosen, ReplicaColumns.ranks(ranks), sortedBy: state.order.title(of: ranks))
  }

  /// The replicas on a screen of their own: what they have in common, each, and the chosen one's last minutes.
  mutating func drawReplicas(_ area: Rect) {
    var rest = area
    if area.height >= 8 { drawFleet(rest.takeTop(area.width >= 110 ? 2 : area.height >= 16 ? 3 : 2)) }
    if area.height >= 28, let chosen = state.chosenReplica {
      drawReplicaCharts(rest.takeBottom(area.height >= 40 ? 9 : 6), chosen)
    }
    drawReplicaTable(rest, key: nil)
  }

  /// The filter, where one hides some.
  var filterMark: [Span] {
    state.filter.map { [Span("/ \($0.text)  ", theme.warning)] } ?? []
  }

  /// Sums, medians and extremes of all ranks, in as many lines as there are.
  private mutating func drawFleet(_ area: Rect) {
    let fleet = Fleet(state.ranks)
    func busy(_ replica: ReplicaStatus) -> Double? { replica.gpuUtilizationRatio?.value }
    func cache(_ replica: ReplicaStatus) -> Double? { replica.kvUsageRatio?.value }
    func running(_ replica: ReplicaStatus) -> Double? { replica.running.value.map(Double.init) }
    let fullest = fleet.most(cache)
    let loads: [(String, String)] = [
      (" \(fleet.replicas.count)/\(state.ranks.count) fresh  run ", whole(fleet.sum(running))),
      ("  wait ", whole(fleet.sum { $0.waiting.value.map(Double.init) })),
      ("  tok/s ", Units.count(fleet.sum { $0.generationTokensPerSecond.value })),
      ("  dummy ", Units.percent(fleet.median { $0.dummyRatio?.value })),
      ("  comm ", Units.percent(fleet.median { $0.communicationRatio?.value })),
    ]
    let skew = fleet.most(running).flatMap { most in
      fleet.median(running).flatMap { $0 > 0 ? most.value / $0 : nil }
    }
    let spread: [(String, String)] = [
      (" busy med ", Units.percent(fleet.median(busy))), (" min ", Units.percent(fleet.sorted(busy).first)),
      ("  KV med ", Units.percent(fleet.median(cache))),
      (" max ", Units.percent(fullest?.value) + (fullest.map { " " + $0.id } ?? "")),
      ("  run skew ", skew.map { Units.decimals($0, 2) + "×" } ?? Units.unknown),
      (" CoV ", fleet.variation(running).map { Units.decimals($0, 2) } ?? Units.unknown),
    ]
    let lines =
      area.width >= 110
      ? [loads + [(" ", "")] + spread, lockStep(fleet)] : [loads, spread, lockStep(fleet)]
    var rows = area
    for content in lines.prefix(area.height) { line(rows.takeTop(1), pairs(content)) }
  }

  /// What slows a group that steps together: the worst rank, or the median of what is much alike.
  private func lockStep(_ fleet: Fleet) -> [(String, String)] {
    func worst(_ reading: (ReplicaStatus) -> Double?) -> String {
      fleet.most(reading).map { Units.count($0.value) + ($0.value > 0 ? " " + $0.id : "") } ?? Units.unknown
    }
    return [
      (" preempt/s ", worst { $0.preemptionsPerSecond?.value }),
      ("  pieces/step ", worst { $0.chunksPerStep?.value }),
      ("  links ", Units.percent(fleet.median { $0.linkRatio?.value })),
      ("  overlap ", Units.percent(fleet.median { $0.overlapRatio?.value })),
      ("  core ", Units.percent(fleet.median { $0.computeCPURatio?.value })),
    ]
  }

  func whole(_ value: Double?) -> String { Units.whole(value.flatMap(Units.integer)) }

  /// Names and values, side by side.
  func pairs(_ pairs: [(String, String)]) -> [Span] {
    pairs.flatMap { [faint($0.0), Span($0.1, value)] }
  }

  /// Why there is no replica to show.
  var absence: String {
    switch state.connection {
    case .connecting: " asking the controller …"
    case .lost(let reason): " " + reason
    case .live:
      state.application == nil
        ? " nothing runs; Esc lists what could"
        : state.filter == nil ? " no replica yet" : " no replica passes the filter; Esc drops it"
    }
  }
}
