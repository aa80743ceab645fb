import ControlAPI
import Terminal

extension Painter {
  func rankColumns(_ width: Int, _ ranks: [ReplicaStatus]) -> [Column] {
    let idWidth = min(width < 100 ? 10 : 16, max(5, ranks.map(\.id.count).max() ?? 5))
    var columns = [
      Column("RANK", idWidth), Column("STATE", 11), Column("NODE", 6), Column("BUSY", 9, stretch: 1),
      Column("KV", 9, stretch: 1), Column("RUN", 4, .right), Column("WAIT", 4, .right),
    ]
    if width >= 86 { columns.append(Column("TOK/S", 6, .right)) }
    columns += [Column("TTFT", 7, .right), Column("TPOT", 7, .right)]
    if width >= 98 {
      columns += [Column("CPU", 5, .right), Column("RSS", 5, .right), Column("DUMMY", 5, .right)]
    }
    if width >= 110 { columns += [Column("COMM", 4, .right), Column("RST", 3, .right)] }
    return columns
  }

  func rankCell(_ replica: ReplicaStatus, _ column: Column) -> Cell {
    switch column.title {
    case "RANK", "ID": .spans([Span(replica.id, replica.stale ? theme.stale : theme.title)])
    case "STATE": .spans(replicaState(replica))
    case "NODE": .spans([faint(replica.node ?? Units.unknown)])
    case "BUSY": .meter(replica.gpuUtilizationRatio?.value, theme.busy)
    case "KV": .meter(replica.kvUsageRatio?.value, theme.cache)
    case "CPU" where replica.role == .ingress: .meter(replica.cpuRatio.value, theme.busy)
    default: .spans([Span(number(replica, column.title), replica.stale ? theme.stale : theme.text)])
    }
  }

  private func number(_ replica: ReplicaStatus, _ title: String) -> String {
    switch title {
    case "RUN": Units.whole(replica.running.value)
    case "WAIT": Units.whole(replica.waiting.value)
    case "REQ/S": Units.count(replica.requestsPerSecond.value)
    case "TOK/S": Units.count(replica.generationTokensPerSecond.value)
    case "TTFT": Units.duration(replica.ttftP50Seconds.value)
    case "TPOT": Units.duration(replica.tpotP50Seconds.value)
    case "CPU": Units.percent(replica.cpuRatio.value)
    case "RSS": Units.bytes(replica.rssBytes.value)
    case "DUMMY": Units.percent(replica.dummyRatio?.value)
    case "COMM": Units.percent(replica.communicationRatio?.value)
    case "RST": String(replica.restarts)
    default: Units.unknown
    }
  }

  private func replicaState(_ replica: ReplicaStatus) -> [Span] {
    if replica.stale { return [Span("◌ stale " + Units.age(replica.observedAgeSeconds.value), theme.stale)] }
    return switch replica.state {
    case .running: [Span("● RUNNING", theme.ok)]
    case .starting, .updating, .recovering: [Span("▲ " + replica.state.rawValue, theme.info)]
    case .stopping: [Span("◌ STOPPING", theme.warning)]
    case .stopped: [Span("✖ STOPPED", theme.critical)]
    }
  }
}
