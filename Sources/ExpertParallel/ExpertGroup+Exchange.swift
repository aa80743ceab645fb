import Platform
import Synchronization

/// A rank's own tokens at one layer, with the experts they go to.
public struct RoutedTokens {
  /// Tokens; 0 for a rank that only takes part.
  public let count: Int
  /// Normalised activations `[count, hidden]`.
  public let rows: UnsafePointer<Float>
  /// Expert ids `[count, topK]`, distinct within a token, in any order.
  public let ids: UnsafePointer<Int32>
  /// Weights of those experts, same shape.
  public let weights: UnsafePointer<Float>

  /// A view of tokens that live elsewhere, valid during the call it is passed to.
  public init(
    count: Int, rows: UnsafePointer<Float>, ids: UnsafePointer<Int32>, weights: UnsafePointer<Float>
  ) {
    self.count = count
    self.rows = rows
    self.ids = ids
    self.weights = weights
  }

  func chunk(_ index: Int, _ shape: ExchangeShape) -> RoutedTokens {
    let first = min(index * shape.chunk, count)
    return RoutedTokens(
      count: min(shape.chunk, count - first), rows: rows + first * shape.hidden,
      ids: ids + first * shape.topK, weights: weights + first * shape.topK)
  }
}

/// Computes `expert` for `count` rows `[count, hidden]`, without its routing weight, from the first to the second
/// buffer.
public typealias ExpertComputation = (
  _ expert: Int, _ count: Int, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>
) -> Void

extension ExpertGroup {
  /// Runs the routed experts of one layer for the whole group.
  ///
  /// The combine is canonical: a (token, expert) pair gives one row `weight · expert(token)`, and a token's rows are
  /// added to zero in ascending expert id. So neither the owner of an expert nor the number of ranks nor the chunk
  /// size changes a bit of the result, as long as `compute` treats rows independently.
  ///
  /// - Parameters:
  ///   - layer: Index among the layers with experts, from 0; every rank calls for every layer, in the same order.
  ///   - tokens: At most as many as this rank announced for the step.
  ///   - output: `[tokens.count, hidden]`, overwritten.
  ///   - compute: Runs one expert that this rank owns over the rows that any rank sent to it.
  public func exchange(
    layer: Int, _ tokens: RoutedTokens, output: UnsafeMutablePointer<Float>, compute: ExpertComputation
  ) throws(ExpertParallelError) {
    let chunks = decision?.chunks ?? 0
    guard tokens.count <= chunks * shape.chunk else {
      throw .tooManyRows(rows: tokens.count, agreed: chunks * shape.chunk)
    }
    line.layer.pointee.store(UInt32(layer), ordering: .relaxed)
    for chunk in 0..<chunks {
      try exchange(
        layer: layer, chunk: chunk, tokens.chunk(chunk, shape),
        output: output + min(chunk * shape.chunk, tokens.count) * shape.hidden, compute)
    }
  }

  /// Takes part in all exchanges of a step with no tokens, as an idle rank must.
  public func runDummyStep(compute: (_ layer: Int) -> ExpertComputation) throws(ExpertParallelError) {
    for layer in 0..<shape.layers { try takePart(layer: layer, compute: compute(layer)) }
  }

  /// Takes part in one layer's exchanges with no tokens.
  public func takePart(layer: Int, compute: ExpertComputation) throws(ExpertParallelError) {
    // With no tokens none of these is read or written; they only have to be pointers.
    let mine = regions[0][rank].dispatch(parity: 0)
    let none = RoutedTokens(count: 0, rows: mine.rows, ids: mine.ids, weights: mine.weights)
    try exchange(layer: layer, none, output: mine.rows, compute: compute)
  }

  private func exchange(
    layer: Int, chunk: Int, _ tokens: RoutedTokens, output: UnsafeMutablePointer<Float>,
    _ compute: ExpertComputation
  ) throws(ExpertParallelError) {
    let exchange = try begin(tokens, layer: layer, chunk: chunk, half: 0)
    try serve(exchange, compute)
    try finish(exchange, into: output)
  }
}

/// An exchange that this rank has published its tokens for.
struct PendingExchange {
  let stamp: ExchangeStamp
  let half: Int
  let ticket: UInt64
  let parity: Int
  /// This rank's tokens, and the ranks that own their experts.
  let count: Int
  let owners: UInt64
}

// The three parts of an exchange.
extension ExpertGroup {
  /// Publishes this rank's tokens.
  func begin(
    _ tokens: RoutedTokens, layer: Int, chunk: Int, half: Int
  ) throws(ExpertParallelError) -> PendingExchange {
    ordinals[half] += 1
    counters.exchanges += 1
    let stamp = ExchangeStamp(
      epoch: control.epoch, step: step, layer: UInt32(layer), chunk: UInt32(chunk), ubatch: UInt32(half),
      view: UInt32(truncatingIfNeeded: membership.view))
    let ticket = Ticket(view: membership.view, ordinal: ordinals[half]).value
    let parity = Int(ordinals[half] & 1)
    let owners = try publish(tokens, stamp, parity: parity)
    line.published(half).pointee.store(ticket, ordering: .releasing)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    // The last to publish wakes those that wait already; it may itself come to wait only later.
    if unpublished(half, ticket) == nil { control.header.stepBell.ring() }
    return PendingExchange(
      stamp: stamp, half: half, ticket: ticket, parity: parity, count: tokens.count, owners: owners)
  }

  /// Computes this rank's experts for the tokens of all ranks.
  func serve(_ exchange: PendingExchange, _ compute: ExpertComputation) throws(ExpertParallelError) {
    let missing = { self.unpublished(exchange.half, exchange.ticket) }
    if missing() != nil {
      try waitInStep(for: .dispatch(exchange.stamp), on: control.header.stepBell, missing: missing)
    }
    try computeOwned(exchange, compute)
    regions[exchange.half][rank].returnSent = Instant.now.nanoseconds
    line.returned(exchange.half).pointee.store(exchange.ticket, ordering: .releasing)
    ringServed(exchange)
  }

  /// Adds up what the owners returned.
  func finish(
    _ exchange: PendingExchange, into output: UnsafeMutablePointer<Float>
  ) throws(ExpertParallelError) {
    try awaitRows(exchange)
    try combine(exchange, into: output)
  }

  private func unpublished(_ half: Int, _ ticket: UInt64) -> Int? {
    membership.ranks.first { peers[$0].published(half).pointee.load(ordering: .acquiring) < ticket }
  }
}

// The source's side.
extension ExpertGroup {
  /// Writes this rank's tokens for all to read, and returns the set of ranks that own their experts.
  private func publish(
    _ tokens: RoutedTokens, _ stamp: ExchangeStamp, parity: Int
  ) throws(ExpertParallelError) -> UInt64 {
    let mine = regions[Int(stamp.ubatch)][rank].dispatch(parity: parity)
    let pairs = tokens.count * shape.topK
    mine.rows.update(from: tokens.rows, count: tokens.count * shape.hidden)
    mine.ids.update(from: tokens.ids, count: pairs)
    mine.weights.update(from: tokens.weights, count: pairs)
    var owners: UInt64 = 0
    let map = maps[Int(stamp.layer)]
    let turn = ExpertMap.turn(of: rank, stamp)
    var (sent, between) = (0, 0)
    for token in 0..<tokens.count {
      let ids = mine.ids + token * shape.topK
      sortByExpert(ids, mine.weights + token * shape.topK, count: shape.topK)
      var ofToken: UInt64 = 0
      var remotePairs = 0
      for slot in 0..<shape.topK {
        let expert = Int(ids[slot])
        guard (0..<shape.experts).contains(expert), slot == 0 || ids[slot - 1] != ids[slot] else {
          throw .invalidRouting(token: token, expert: expert)
        }
        let owner = map.owner(of: expert, token: token, turn: turn)
        ofToken |= 1 << UInt64(owner)
        if owner != rank { remotePairs += 1 }
        counters.routed[Int(stamp.layer) * shape.experts + expert] += 1
      }
      owners |= ofToken
      let rows = rows(to: ofToken, remotePairs, map, ids, token: token, turn: turn)
      (sent, between) = (sent + rows.all, between + rows.between)
    }
    counters.bytesDispatched += UInt64(sent * shape.hidden * 4)
    counters.bytesDispatchedBetweenNodes += UInt64(between * shape.hidden * 4)
    mine.seal(stamp, rowCount: tokens.count, owners: owners)
    return owners
  }

  /// Rows that a token's way to its owners takes, and those of them between nodes.
  private func rows(
    to owners: UInt64, _ remotePairs: Int, _ map: ExpertMap, _ ids: UnsafePointer<Int32>, token: Int,
    turn: Int
  ) -> (all: Int, between: Int) {
    let near = neighbours(of: rank)
    switch control.transport.backend {
    case .naive, .allGather:
      return (membership.ranks.count - 1, membership.ranks.count { near & 1 << UInt64($0) == 0 })
    case .highThroughput:
      return ((owners & ~(1 << UInt64(rank))).nonzeroBitCount, nodeCount(of: owners & ~near))
    case .lowLatency, nil:
      // Most groups are on one node, and owners are looked up once already.
      guard owners & ~near != 0 else { return (remotePairs, 0) }
      let between = (0..<shape.topK).count { slot in
        near & 1 << UInt64(map.owner(of: Int(ids[slot]), token: token, turn: turn)) == 0
      }
      return (remotePairs, between)
    }
  }

  /// The virtual nodes that `ranks` stand on.
  private func nodeCount(of ranks: UInt64) -> Int {
    var (left, count) = (ranks, 0)
    while left != 0 {
      left &= ~neighbours(of: left.trailingZeroBitCount)
      count += 1
    }
    return count
  }

  private func awaitRows(_ exchange: PendingExchange) throws(ExpertParallelError) {
    let missing = { [peers] in
      peers.indices.first { peer in
        exchange.owners & 1 << UInt64(peer) != 0
          && peers[peer].returned(exchange.half).pointee.load(ordering: .acquiring) < exchange.ticket
      }
    }
    if missing() != nil { try waitInStep(for: .combine(exchange.stamp), on: line.bell, missing: missing) }
    for owner in peers.indices where exchange.owners & 1 << UInt64(owner) != 0 {
      let found = regions[exchange.half][owner].returnStamp
      guard found == exchange.stamp else {
        throw .outOfStep(rank: owner, expected: exchange.stamp, found: found)
      }
    }
    if hasLinks { try awaitReturned(rowsByOwner(exchange), exchange) }
  }

  /// Rows that each rank returns to this one.
  private func rowsByOwner(_ exchange: PendingExchange) -> [Int] {
    let map = maps[Int(exchange.stamp.layer)]
    let turn = ExpertMap.turn(of: rank, exchange.stamp)
    let ids = regions[exchange.half][rank].dispatch(parity: exchange.parity).ids
    for peer in returnedRows.indices { returnedRows[peer] = 0 }
    for pair in 0..<(exchange.count * shape.topK) {
      returnedRows[map.owner(of: Int(ids[pair]), token: pair / shape.topK, turn: turn)] += 1
    }
    return returnedRows
  }

  /// Adds each token's returned rows in ascending expert id.
  private func combine(
    _ exchange: PendingExchange, into output: UnsafeMutablePointer<Float>
  ) throws(ExpertParallelError) {
    let regions = regions[exchange.half]
    let map = maps[Int(exchange.stamp.layer)]
    let turn = ExpertMap.turn(of: rank, exchange.stamp)
    for expert in 0..<shape.experts {
      for owner in map.copies(of: expert) {
        cursors[expert * shape.world + owner] = regions[owner].returnStarts[expert * shape.world + rank]
      }
    }
    output.update(repeating: 0, count: exchange.count * shape.hidden)
    let ids = regions[rank].dispatch(parity: exchange.parity).ids
    let near = neighbours(of: rank)
    var (remote, between) = (0, 0)
    for pair in 0..<(exchange.count * shape.topK) {
      let expert = Int(ids[pair])
      let owner = map.owner(of: expert, token: pair / shape.topK, turn: turn)
      let row = Int(cursors[expert * shape.world + owner])
      guard row < shape.computedCapacity else { throw .corruptPeer(rank: owner, exchange.stamp) }
      cursors[expert * shape.world + owner] += 1
      if owner != rank { remote += 1 }
      if near & 1 << UInt64(owner) == 0 { between += 1 }
      accumulate(
        regions[owner].returnRows + row * shape.hidden, into: output + pair / shape.topK * shape.hidden,
        count: shape.hidden)
    }
    counters.bytesCombined += UInt64(remote * shape.hidden * 4)
    counters.bytesCombinedBetweenNodes += UInt64(between * shape.hidden * 4)
  }
}

// The owner's side.
extension ExpertGroup {
  private func computeOwned(
    _ exchange: PendingExchange, _ compute: ExpertComputation
  ) throws(ExpertParallelError) {
    let stamp = exchange.stamp
    let dispatches = regions[exchange.half].map { $0.dispatch(parity: exchange.parity) }
    for peer in membership.ranks {
      let found = dispatches[peer].stamp
      guard found == stamp else { throw .outOfStep(rank: peer, expected: stamp, found: found) }
      guard dispatches[peer].rowCount <= shape.chunk else { throw .corruptPeer(rank: peer, stamp) }
    }
    let mine = regions[exchange.half][rank]
    mine.returnStamp = stamp
    try owned.plan(
      dispatches, of: membership.ranks, maps[Int(stamp.layer)], starts: mine.returnStarts, stamp)
    noteLoad(layer: Int(stamp.layer))
    try awaitDispatched(dispatches, stamp)
    let begin = Instant.now
    owned.takeIn(dispatches, of: membership.ranks)
    guard owned.pairCount > 0 else { return }
    owned.run(dispatches, into: mine.returnRows, compute)
    counters.computeNanoseconds += (Instant.now - begin).wholeNanoseconds
    line.computeNanoseconds.pointee.store(counters.computeNanoseconds, ordering: .relaxed)
    count(stamp)
  }

  private func count(_ stamp: ExchangeStamp) {
    for (local, expert) in owned.experts.enumerated() {
      let index = Int(stamp.layer) * shape.experts + expert
      counters.computed[index] += UInt64(owned.rowCount(local))
      control.load.set(counters.computed[index], layer: Int(stamp.layer), expert: expert)
    }
  }

  /// Wakes the sources that got their last rows with this rank's.
  private func ringServed(_ exchange: PendingExchange) {
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    for source in membership.ranks where source != rank && owned.pairCount(from: source) > 0 {
      let owners = regions[exchange.half][source].dispatch(parity: exchange.parity).owners
      let complete = peers.indices.allSatisfy { peer in
        owners & 1 << UInt64(peer) == 0
          || peers[peer].returned(exchange.half).pointee.load(ordering: .acquiring) >= exchange.ticket
      }
      if complete { peers[source].bell.ring() }
    }
  }
}
