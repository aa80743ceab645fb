import ControlAPI
import Terminal

/// The columns of ranks and of ingress replicas.
enum ReplicaColumns {
  typealias Replicas = TableColumn<ReplicaStatus>

  static func ranks(_ ranks: [ReplicaStatus]) -> [Replicas] {
    let idWidth = min(16, max(5, ranks.map(\.id.count).max() ?? 5))
    return [
      id("RANK", idWidth), state, node,
      meter(ReplicaOrder.busy.title(of: ranks), 4, \.gpuUtilizationRatio, \.busy),
      meter("KV", 2, \.kvUsageRatio, \.cache),
      number("RUN", 4, 3) { Units.whole($0.running.value) },
      number("WAIT", 4, 6) { Units.whole($0.waiting.value) },
      number("TOK/S", 6, 10) { Units.count($0.generationTokensPerSecond.value) },
      latency("TTFT", 5, \.ttftP50Seconds), latency("TPOT", 7, \.tpotP50Seconds), requests(8),
      number("CPU", 5, 11) { Units.percent($0.cpuRatio.value) },
      number("RSS", 5, 11) { Units.bytes($0.rssBytes.value) },
      number("DUMMY", 5, 12) { Units.percent($0.dummyRatio?.value) },
      number("COMM", 4, 13) { Units.percent($0.communicationRatio?.value) },
      number("PREEMPT", 7, 14) { Units.count($0.preemptionsPerSecond?.value) },
      number("PIECES", 6, 15) { Units.count($0.chunksPerStep?.value) },
      number("CORE", 4, 16) { Units.percent($0.computeCPURatio?.value) },
      number("RST", 3, 17) { String($0.restarts) },
      spark("RUN 30s", 18, .running, nil), spark("KV 30s", 19, .cache, 1),
      number("LINK", 4, 20) { Units.percent($0.linkRatio?.value) },
      number("OVERLAP", 7, 21) { Units.percent($0.overlapRatio?.value) },
      number("PID", 7, 22) { $0.pid.value.map { String($0) } ?? Units.unknown },
    ]
  }

  static func ingress(_ replicas: [ReplicaStatus]) -> [Replicas] {
    [
      id("ID", min(16, max(9, replicas.map(\.id.count).max() ?? 9))), state,
      Replicas(Column("CPU", 10, stretch: 1), 2) { painter, replica in
        painter.unlessStarting(replica) {
          .meter(replica.cpuRatio.value, painter.theme.busy, isStale: replica.stale)
        }
      },
      number("RUN", 5, 3) { Units.whole($0.running.value) },
      number("WAIT", 5, 4) { Units.whole($0.waiting.value) },
      number("REQ/S", 6, 5) { Units.count($0.requestsPerSecond.value) },
      number("TOK/S", 7, 6) { Units.count($0.generationTokensPerSecond.value) },
      latency("TTFT", 7, \.ttftP50Seconds), latency("TPOT", 10, \.tpotP50Seconds), requests(8),
      number("RSS", 5, 9) { Units.bytes($0.rssBytes.value) },
      number("RST", 3, 11) { String($0.restarts) },
      spark("RUN 30s", 12, .running, nil), spark("WAIT 30s", 13, .waiting, nil),
      number("PID", 7, 14) { $0.pid.value.map { String($0) } ?? Units.unknown },
    ]
  }

  /// Where requests wait, with their share of all that wait.
  static func queues(_ replicas: [ReplicaStatus]) -> [Replicas] {
    let waiting = Fleet(replicas).sum { $0.waiting.value.map(Double.init) } ?? 0
    return [
      id("ID", min(16, max(9, replicas.map(\.id.count).max() ?? 9))), state,
      number("WAIT", 5, 2) { Units.whole($0.waiting.value) },
      Replicas(Column("OF ALL", 12, stretch: 1), 4) { painter, replica in
        painter.unlessStarting(replica) {
          let share = replica.waiting.value.map { waiting > 0 ? Double($0) / waiting : 0 }
          return .meter(share, painter.theme.queue, isStale: replica.stale)
        }
      },
      number("RUN", 5, 3) { Units.whole($0.running.value) },
      number("REQ/S", 6, 5) { Units.count($0.requestsPerSecond.value) },
      latency("TTFT", 6, \.ttftP50Seconds), requests(7), spark("WAIT 30s", 8, .waiting, nil),
    ]
  }

  static func nodes(_ nodes: [NodeSummary]) -> [TableColumn<NodeSummary>] {
    typealias Nodes = TableColumn<NodeSummary>
    func number(
      _ title: String, _ width: Int, _ importance: Int, _ text: @escaping (NodeSummary) -> String
    ) -> Nodes {
      Nodes(Column(title, width, .right), importance) { painter, node in .spans([painter.text(text(node))]) }
    }
    func meter(
      _ title: String, _ importance: Int, _ gradient: KeyPath<Theme, Gradient>,
      _ share: @escaping (NodeSummary) -> Double?
    ) -> Nodes {
      Nodes(Column(title, 12, stretch: 1), importance) { painter, node in
        .meter(share(node), painter.theme[keyPath: gradient], isStale: node.fresh.isEmpty)
      }
    }
    return [
      Nodes(Column("NODE", min(24, max(6, nodes.map(\.name.count).max() ?? 6))), 0) { painter, node in
        .spans([painter.strong(node.name)])
      },
      number("RANKS", 7, 1) { "\($0.ranks.count { $0.state == .running })/\($0.ranks.count)" },
      meter(ReplicaOrder.busy.title(of: nodes.flatMap(\.ranks)) + " mean", 2, \.busy) {
        $0.mean { $0.gpuUtilizationRatio?.value }
      },
      meter("KV max", 3, \.cache) { Fleet($0.ranks).most { $0.kvUsageRatio?.value }?.value },
      number("RUN", 5, 4) {
        Units.whole($0.sum { $0.running.value.map(Double.init) }.flatMap(Units.integer))
      },
      number("WAIT", 5, 5) {
        Units.whole($0.sum { $0.waiting.value.map(Double.init) }.flatMap(Units.integer))
      },
      number("TOK/S", 7, 6) { Units.count($0.sum { $0.generationTokensPerSecond.value }) },
      number("CORES", 5, 7) { $0.sum { $0.cpuRatio.value }.map { Units.decimals($0, 1) } ?? Units.unknown },
      number("RSS", 5, 8) {
        Units.bytes($0.sum { $0.rssBytes.value.map(Double.init) }.flatMap(Units.integer))
      },
      number("DEVICES", 12, 9) { node in
        node.devices.isEmpty ? Units.unknown : node.devices.map(String.init).joined(separator: ",")
      },
    ]
  }

  private static func id(_ title: String, _ width: Int) -> Replicas {
    Replicas(Column(title, width), 0) { painter, replica in
      .spans([Span(replica.id, replica.stale ? painter.theme.stale : painter.theme.title)])
    }
  }

  private static let stateWidth = 11
  private static var state: Replicas {
    Replicas(Column("STATE", stateWidth), 1) { painter, replica in .spans(painter.replicaState(replica)) }
  }

  private static var node: Replicas {
    Replicas(Column("NODE", 6), 9) { painter, replica in
      .spans([painter.faint(replica.node ?? Units.unknown)])
    }
  }

  private static func meter(
    _ title: String, _ importance: Int, _ share: KeyPath<ReplicaStatus, Known<Double>?>,
    _ gradient: KeyPath<Theme, Gradient>
  ) -> Replicas {
    Replicas(Column(title, 10, stretch: 1), importance) { painter, replica in
      painter.unlessStarting(replica) {
        .meter(
          replica[keyPath: share]?.value, painter.theme[keyPath: gradient], isStale: replica.stale)
      }
    }
  }

  private static func number(
    _ title: String, _ width: Int, _ importance: Int, _ text: @escaping (ReplicaStatus) -> String
  ) -> Replicas {
    Replicas(Column(title, width, .right), importance) { painter, replica in
      painter.unlessStarting(replica) {
        .spans([Span(text(replica), replica.stale ? painter.theme.stale : painter.theme.text)])
      }
    }
  }

  private static func latency(
    _ title: String, _ importance: Int, _ seconds: KeyPath<ReplicaStatus, Known<Double>>
  ) -> Replicas {
    number(title, 6, importance) { $0.latency($0[keyPath: seconds]) }
  }

  /// How many requests the medians are of.
  private static func requests(_ importance: Int) -> Replicas {
    number("n", 4, importance) { Units.whole($0.ttftCount?.value) }
  }

  private static func spark(
    _ title: String, _ importance: Int, _ reading: ReplicaReading, _ top: Double?
  ) -> Replicas {
    Replicas(Column(title, 15), importance) { painter, replica in
      painter.unlessStarting(replica) {
        let samples = painter.samples(of: replica, reading, 30)
        // Two seconds a step, so that half a minute takes little room.
        let halves = stride(from: 0, to: samples.count, by: 2).map {
          samples[$0] ?? samples[min($0 + 1, samples.count - 1)]
        }
        return .spark(halves, top: top, reading == .cache ? painter.theme.cache : painter.theme.requests)
      }
    }
  }
}

extension ReplicaStatus {
  /// A latency of it, marked when it is interpolated.
  func latency(_ seconds: Known<Double>) -> String {
    Units.duration(seconds.value, isEstimate: isLatencyEstimate == true)
  }
}

extension Painter {
  /// What a replica that does not run yet shows in place of readings.
  func unlessStarting(_ replica: ReplicaStatus, _ cell: () -> TableCell) -> TableCell {
    [.running, .cordoned, .drained].contains(replica.state) ? cell() : .start(replica)
  }

  /// The last `count` seconds of a replica's reading.
  func samples(of replica: ReplicaStatus, _ reading: ReplicaReading, _ count: Int) -> [Double?] {
    guard let track = state.shown.track(replica.id, of: state.applicationName) else { return [] }
    return ChartSeries.samples(track, count: count, now: state.shownNow) { $0[reading] }
  }

  func replicaState(_ replica: ReplicaStatus) -> [Span] {
    if replica.stale { return [Span("◌ stale " + Units.age(replica.observedAgeSeconds.value), theme.stale)] }
    return switch replica.state {
    case .running: [Span("● RUNNING", theme.ok)]
    case .starting, .updating, .recovering, .pendingMigration:
      [Span("▲ " + replica.state.rawValue, theme.info)]
    case .cordoned, .drained: [Span("◇ " + replica.state.rawValue, theme.warning)]
    case .stopping: [Span("◌ STOPPING", theme.warning)]
    case .stopped: [Span("✖ STOPPED", theme.critical)]
    }
  }
}
