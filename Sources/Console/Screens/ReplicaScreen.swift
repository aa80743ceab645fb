import ControlAPI
import Terminal

extension Painter {
  /// One replica: who it is, its last minutes, how it stands among the others, and what happened to it.
  mutating func drawReplica(_ area: Rect) {
    var rest = area
    guard let replica = state.chosenReplica else { return line(rest, [faint(absence)]) }
    line(rest.takeTop(1), identity(replica, area.width))
    // As much as the comparison of all readings leaves.
    let charts =
      area.height >= 28 ? min(18, max(10, (area.height - 22) / 2 * 2)) : area.height >= 12 ? 5 : 0
    if charts > 0 { drawReplicaCharts(rest.takeTop(charts), replica) }
    if area.width >= 110 {
      let halves = rest.columns(2)
      drawComparison(halves[0], replica)
      drawNews(halves[1], replica)
    } else {
      drawComparison(
        rest.height > 9 ? rest.takeTop(max(6, rest.height - 4)) : rest.takeTop(rest.height), replica)
      if rest.height >= 3 { drawNews(rest, replica) }
    }
  }

  private func identity(_ replica: ReplicaStatus, _ width: Int) -> [Span] {
    var spans = [strong(" \(replica.id)  ")] + replicaState(replica)
    var facts: [String] = []
    if let node = replica.node { facts.append(node) }
    facts.append("pid " + (replica.pid.value.map { String($0) } ?? Units.unknown))
    if let epoch = replica.epoch { facts.append("epoch \(epoch)") }
    facts.append("restarts \(replica.restarts)")
    if let phase = replica.phase.value, phase != .ready { facts.append(phase.rawValue) }
    if let source = replica.utilizationSource?.value { facts.append("busy from \(source)") }
    spans.append(faint("  " + facts.joined(separator: "  ")))
    return spans
  }

  /// The charts of a replica, two or four beside each other, in one or two rows.
  mutating func drawReplicaCharts(_ area: Rect, _ replica: ReplicaStatus) {
    let all: [(String, String, ReplicaReading, Gradient, Double?)] =
      replica.role == .rank
      ? [
        ("running", "waiting " + Units.whole(replica.waiting.value), .running, theme.requests, nil),
        ("KV", "", .cache, theme.cache, 1), ("busy", "", .busy, theme.busy, 1),
        ("tok/s", "", .tokens, theme.tokens, nil),
      ]
      : [
        ("in flight", "", .running, theme.requests, nil), ("waiting", "", .waiting, theme.queue, nil),
        ("cpu", "", .cpu, theme.busy, 1), ("TTFT", "", .ttft, theme.latency, nil),
      ]
    var rest = area
    let rows = area.width >= 150 || area.height < 9 ? 1 : 2
    let perRow = area.width >= 150 ? 4 : 2
    for row in 0..<rows {
      let places = rest.takeTop(area.height / rows).columns(perRow)
      for (place, chart) in zip(places, all.dropFirst(row * perRow)) {
        drawReplicaChart(place, replica, chart)
      }
    }
  }

  private mutating func drawReplicaChart(
    _ area: Rect, _ replica: ReplicaStatus, _ chart: (String, String, ReplicaReading, Gradient, Double?)
  ) {
    let (name, detail, reading, gradient, top) = chart
    let track = state.shown.track(replica.id, of: state.applicationName)
    let present = track?.last { $0.time <= state.shownNow }?[reading]
    let number = Self.text(present, reading)
    let isAlone = state.screen != .replica
    let heading = isAlone ? "\(replica.id) \(name)" : name
    let inside = Box(
      title: [strong(heading)], trailing: [Span(number, value), faint(detail.isEmpty ? "" : "  " + detail)],
      border: theme.cacheBox
    ).draw(in: &buffer, area)
    let resolution = inside.height > 1 ? buffer.glyphs.resolution : .blocks
    let count = Chart.sampleCount(columns: inside.width, resolution)
    Chart(samples(of: replica, reading, count), top: top, gradient: gradient, base: theme.text)
      .draw(in: &buffer, inside)
  }

  static func text(_ reading: Double?, _ kind: ReplicaReading) -> String {
    switch kind {
    case .busy, .cache, .cpu: Units.percent(reading)
    case .running, .waiting: Units.whole(reading.flatMap(Units.integer))
    case .tokens: Units.count(reading)
    case .ttft, .tpot: Units.duration(reading)
    }
  }

  /// Its readings beside the median of its kind, and its place from the smallest.
  private mutating func drawComparison(_ area: Rect, _ replica: ReplicaStatus) {
    let fleet = Fleet(replica.role == .rank ? state.ranks : state.ingress)
    let inside = Box(
      title: [strong("against the others")], trailing: [faint("\(fleet.replicas.count) fresh")],
      border: theme.replicaBox
    ).draw(in: &buffer, area).inset(1, 0)
    let readings = ComparedReading.of(replica)
    let isHalved = inside.width >= 72 && readings.count >= inside.height
    let count = isHalved ? (readings.count + 1) / 2 : readings.count
    for (index, place) in (isHalved ? inside.columns(2) : [inside]).enumerated() {
      let part = readings.dropFirst(index * count).prefix(count)
      drawReadings(isHalved ? place.inset(1, 0) : place, Array(part), replica, fleet)
    }
  }

  private mutating func drawReadings(
    _ area: Rect, _ readings: [ComparedReading], _ replica: ReplicaStatus, _ fleet: Fleet
  ) {
    var rows = area
    let columns = [
      Column("", 10, stretch: 1), Column(replica.id, 7, stretch: 1, .right),
      Column("median", 7, stretch: 1, .right), Column("place", 8, stretch: 1, .right),
    ]
    let places = Column.place(columns, in: rows)
    let head = rows.takeTop(1)
    for (column, place) in zip(columns, places) {
      column.write([faint(column.title)], in: &buffer, place, row: head.y)
    }
    for reading in readings {
      let row = rows.takeTop(1)
      guard row.height > 0 else { return }
      let mine = reading.value(replica)
      let place = mine.map { "\(fleet.place(of: $0, reading.value)) of \(fleet.sorted(reading.value).count)" }
      let cells = [
        faint(reading.name), Span(reading.text(mine), value),
        text(reading.text(fleet.median(reading.value))), faint(place ?? Units.unknown),
      ]
      for (cell, (column, place)) in zip(cells, zip(columns, places)) {
        column.write([cell], in: &buffer, place, row: row.y)
      }
    }
  }

  /// Hints about it, then its events, newest first.
  private mutating func drawNews(_ area: Rect, _ replica: ReplicaStatus) {
    var inside = Box(
      title: [strong("hints and events of \(replica.id)")], trailing: [faint("l logs")],
      border: theme.eventBox
    ).draw(in: &buffer, area).inset(1, 0)
    let hints = (state.application?.hints ?? []).filter { $0.replica == replica.id }
    for hint in hints { line(inside.takeTop(1), digest(hint, inside.width)) }
    let events = state.events.filter { $0.replica == replica.id }
    for event in events.reversed().prefix(inside.height) { line(inside.takeTop(1), describe(event)) }
    if hints.isEmpty, events.isEmpty { line(inside.takeTop(1), [faint("nothing has happened to it yet")]) }
  }
}

/// What one replica is compared with the others in.
struct ComparedReading {
  let name: String
  let value: (ReplicaStatus) -> Double?
  let text: (Double?) -> String

  static func of(_ replica: ReplicaStatus) -> [ComparedReading] {
    func latency(_ seconds: Double?) -> String {
      Units.duration(seconds, isEstimate: replica.isLatencyEstimate == true)
    }
    let both: [ComparedReading] = [
      .init(name: "TTFT p50", value: { $0.ttftP50Seconds.value }, text: latency),
      .init(name: "TPOT p50", value: { $0.tpotP50Seconds.value }, text: latency),
      .init(name: "n", value: { $0.ttftCount?.value.map(Double.init) }, text: Self.whole),
      .init(name: "running", value: { $0.running.value.map(Double.init) }, text: Self.whole),
      .init(name: "waiting", value: { $0.waiting.value.map(Double.init) }, text: Self.whole),
      .init(name: "tok/s", value: { $0.generationTokensPerSecond.value }, text: Units.count),
      .init(name: "cpu", value: { $0.cpuRatio.value }, text: Units.percent),
      .init(name: "memory", value: { $0.rssBytes.value.map(Double.init) }, text: Self.bytes),
    ]
    guard replica.role == .rank else {
      return both + [.init(name: "req/s", value: { $0.requestsPerSecond.value }, text: Units.count)]
    }
    return both.prefix(5) + [
      .init(name: "KV", value: { $0.kvUsageRatio?.value }, text: Units.percent),
      .init(name: "busy", value: { $0.gpuUtilizationRatio?.value }, text: Units.percent),
      .init(name: "dummy", value: { $0.dummyRatio?.value }, text: Units.percent),
      .init(name: "comm", value: { $0.communicationRatio?.value }, text: Units.percent),
      .init(name: "preempt/s", value: { $0.preemptionsPerSecond?.value }, text: Units.count),
      .init(name: "pieces", value: { $0.chunksPerStep?.value }, text: Units.count),
      .init(name: "links", value: { $0.linkRatio?.value }, text: Units.percent),
      .init(name: "overlap", value: { $0.overlapRatio?.value }, text: Units.percent),
      .init(name: "core", value: { $0.computeCPURatio?.value }, text: Units.percent),
      .init(name: "prefix", value: { $0.prefixHitRatio?.value }, text: Units.percent),
    ] + both.dropFirst(5)
  }

  private static func whole(_ value: Double?) -> String { Units.whole(value.flatMap(Units.integer)) }
  private static func bytes(_ value: Double?) -> String { Units.bytes(value.flatMap(Units.integer)) }
}
