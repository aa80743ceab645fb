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

  fileprivate func chunk(_ index: Int, _ shape: ExchangeShape) -> RoutedTokens {
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
    let mine = regions[rank].dispatch(parity: 0)
    let none = RoutedTokens(count: 0, rows: mine.rows, ids: mine.ids, weights: mine.weights)
    try exchange(layer: layer, none, output: mine.rows, compute: compute)
  }

  private func exchange(
    layer: Int, chunk: Int, _ tokens: RoutedTokens, output: UnsafeMutablePointer<Float>,
    _ compute: ExpertComputation
  ) throws(ExpertParallelError) {
    exchangeOrdinal += 1
    counters.exchanges += 1
    let stamp = ExchangeStamp(
      epoch: control.epoch, step: step, layer: UInt32(layer), chunk: UInt32(chunk),
      view: UInt32(truncatingIfNeeded: membership.view))
    let ticket = Ticket(view: membership.view, ordinal: exchangeOrdinal).value
    let parity = Int(exchangeOrdinal & 1)
    let owners = try publish(tokens, stamp, parity: parity)
    line.published.pointee.store(ticket, ordering: .releasing)
    try meet(.dispatch(stamp)) { $0.published.pointee.load(ordering: .acquiring) >= ticket }
    try serve(stamp, parity: parity, compute)
    line.returned.pointee.store(ticket, ordering: .releasing)
    ringServed(ticket, parity: parity)
    try awaitRows(from: owners, ticket, stamp)
    try combine(tokens.count, stamp, parity: parity, into: output)
  }
}

// The source's side.
extension ExpertGroup {
  /// Writes this rank's tokens for all to read, and returns the set of ranks that own their experts.
  private func publish(
    _ tokens: RoutedTokens, _ stamp: ExchangeStamp, parity: Int
  ) throws(ExpertParallelError) -> UInt64 {
    let mine = regions[rank].dispatch(parity: parity)
    let pairs = tokens.count * shape.topK
    mine.rows.update(from: tokens.rows, count: tokens.count * shape.hidden)
    mine.ids.update(from: tokens.ids, count: pairs)
    mine.weights.update(from: tokens.weights, count: pairs)
    var owners: UInt64 = 0
    let map = maps[Int(stamp.layer)]
    let turn = ExpertMap.turn(of: rank, stamp)
    var remote = 0
    for token in 0..<tokens.count {
      let ids = mine.ids + token * shape.topK
      sortByExpert(ids, mine.weights + token * shape.topK, count: shape.topK)
      for slot in 0..<shape.topK {
        let expert = Int(ids[slot])
        guard (0..<shape.experts).contains(expert), slot == 0 || ids[slot - 1] != ids[slot] else {
          throw .invalidRouting(token: token, expert: expert)
        }
        let owner = map.owner(of: expert, token: token, turn: turn)
        owners |= 1 << UInt64(owner)
        if owner != rank { remote += 1 }
        counters.routed[Int(stamp.layer) * shape.experts + expert] += 1
      }
    }
    counters.bytesDispatched += UInt64(remote * shape.hidden * 4)
    mine.seal(stamp, rowCount: tokens.count, owners: owners)
    return owners
  }

  private func awaitRows(
    from owners: UInt64, _ ticket: UInt64, _ stamp: ExchangeStamp
  ) throws(ExpertParallelError) {
    let missing = { [peers] in
      peers.indices.first { peer in
        owners & 1 << UInt64(peer) != 0 && peers[peer].returned.pointee.load(ordering: .acquiring) < ticket
      }
    }
    if missing() != nil { try waitInStep(for: .combine(stamp), on: line.bell, missing: missing) }
    for owner in peers.indices where owners & 1 << UInt64(owner) != 0 {
      let found = regions[owner].returnStamp
      guard found == stamp else { throw .outOfStep(rank: owner, expected: stamp, found: found) }
    }
  }

  /// Adds each token's returned rows in ascending expert id.
  private func combine(
    _ count: Int, _ stamp: ExchangeStamp, parity: Int, into output: UnsafeMutablePointer<Float>
  ) throws(ExpertParallelError) {
    guard count > 0 else { return }
    let map = maps[Int(stamp.layer)]
    let turn = ExpertMap.turn(of: rank, stamp)
    for expert in 0..<shape.experts {
      for owner in map.copies(of: expert) {
        cursors[expert * shape.world + owner] = regions[owner].returnStarts[expert * shape.world + rank]
      }
    }
    output.update(repeating: 0, count: count * shape.hidden)
    let ids = regions[rank].dispatch(parity: parity).ids
    var remote = 0
    for pair in 0..<(count * shape.topK) {
      let expert = Int(ids[pair])
      let owner = map.owner(of: expert, token: pair / shape.topK, turn: turn)
      let row = Int(cursors[expert * shape.world + owner])
      guard row < shape.computedCapacity else { throw .corruptPeer(rank: owner, stamp) }
      cursors[expert * shape.world + owner] += 1
      if owner != rank { remote += 1 }
      accumulate(
        regions[owner].returnRows + row * shape.hidden, into: output + pair / shape.topK * shape.hidden,
        count: shape.hidden)
    }
    counters.bytesCombined += UInt64(remote * shape.hidden * 4)
  }
}

// The owner's side.
extension ExpertGroup {
  /// Computes this rank's experts for the tokens that all ranks sent to them.
  private func serve(
    _ stamp: ExchangeStamp, parity: Int, _ compute: ExpertComputation
  ) throws(ExpertParallelError) {
    let dispatches = regions.map { $0.dispatch(parity: parity) }
    for peer in membership.ranks {
      let found = dispatches[peer].stamp
      guard found == stamp else { throw .outOfStep(rank: peer, expected: stamp, found: found) }
      guard dispatches[peer].rowCount <= shape.chunk else { throw .corruptPeer(rank: peer, stamp) }
    }
    let mine = regions[rank]
    mine.returnStamp = stamp
    try owned.plan(
      dispatches, of: membership.ranks, maps[Int(stamp.layer)], starts: mine.returnStarts, stamp)
    noteLoad(layer: Int(stamp.layer))
    guard owned.pairCount > 0 else { return }
    let begin = Instant.now
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
    let remote = owned.pairCount - owned.pairCount(from: rank)
    counters.bytesPulled += UInt64(remote * shape.hidden * 4)
  }

  /// Wakes the sources that got their last rows with this rank's.
  private func ringServed(_ ticket: UInt64, parity: Int) {
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    for source in membership.ranks where source != rank && owned.pairCount(from: source) > 0 {
      let owners = regions[source].dispatch(parity: parity).owners
      let complete = peers.indices.allSatisfy { peer in
        owners & 1 << UInt64(peer) == 0 || peers[peer].returned.pointee.load(ordering: .acquiring) >= ticket
      }
      if complete { peers[source].bell.ring() }
    }
  }
}
