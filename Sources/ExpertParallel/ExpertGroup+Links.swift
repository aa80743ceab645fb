import Platform

// When rows of other ranks have arrived, over the links between the nodes.
extension ExpertGroup {
  /// Whether two ranks stand on one virtual node.
  func areNeighbours(_ a: Int, _ b: Int) -> Bool { neighbours(of: a) & 1 << UInt64(b) != 0 }

  func neighbours(of rank: Int) -> UInt64 { neighbourMasks[rank] }

  /// When `bytes` that `source` published at `sent` are here; throws when nothing comes through.
  func arrival(
    from source: Int, bytes: Int, sent: UInt64
  ) throws(ExpertParallelError) -> UInt64 {
    guard bytes > 0, let links = control.transport.links, let state = links.state(source, rank) else {
      return 0
    }
    switch state {
    case .up(let link): return sent + link.travel(bytes: bytes)
    case .down:
      throw .linkDown(from: source, to: rank, nodes: NodePair(links.nodes[source], links.nodes[rank]))
    }
  }

  /// Sleeps until what was sent has arrived at `instant`, in nanoseconds; the loss of a member ends the sleep.
  func sleep(untilArrival instant: UInt64, _ phase: WaitPhase) throws(ExpertParallelError) {
    let arrival = Instant(nanoseconds: instant)
    let begin = Instant.now
    guard begin < arrival else { return }
    defer {
      let slept = (Instant.now - begin).wholeNanoseconds
      counters.linkNanoseconds += slept
      addWait(slept)
    }
    while true {
      let seen = line.bell.announce()
      let now = Instant.now
      guard now < arrival else { return }
      try checkHealth(phase)
      line.bell.sleep(since: seen, until: min(arrival, now + policy.slice))
    }
  }

  /// Waits for the rows that the planned exchange takes from all sources, and counts them.
  func awaitDispatched(
    _ dispatches: [RankRegion.Dispatch], _ stamp: ExchangeStamp
  ) throws(ExpertParallelError) {
    let backend = control.transport.backend
    let rowBytes = shape.hidden * 4
    var last: UInt64 = 0
    for source in membership.ranks where source != rank {
      let rows = owned.arriving[source]
      let all = dispatches[source].rowCount
      let isSameNode = areNeighbours(source, rank)
      let (between, within) = rows.split(backend, all: all, isSameNode: isSameNode)
      counters.bytesPulled += UInt64((between + within) * rowBytes)
      counters.bytesPulledBetweenNodes += UInt64(between * rowBytes)
      let awaited = rows.awaited(backend, all: all, isSameNode: isSameNode)
      last = max(
        last, try arrival(from: source, bytes: awaited * rowBytes, sent: dispatches[source].sent))
    }
    try sleep(untilArrival: last, .dispatch(stamp))
  }

  /// Waits for the rows that owners return, `rows` by owner.
  func awaitReturned(
    _ rows: [Int], _ exchange: PendingExchange
  ) throws(ExpertParallelError) {
    let rowBytes = shape.hidden * 4
    var last: UInt64 = 0
    for owner in membership.ranks where owner != rank && rows[owner] > 0 {
      let bytes = rows[owner] * rowBytes
      let sent = regions[exchange.half][owner].returnSent
      last = max(last, try arrival(from: owner, bytes: bytes, sent: sent))
    }
    try sleep(untilArrival: last, .combine(exchange.stamp))
  }
}
