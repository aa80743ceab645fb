/// The rows that an owner computes in one exchange: sorted by expert, then source, then token.
final class OwnedExperts {
  /// The experts of this rank in the planned layer, ascending.
  private(set) var experts: [Int] = []
  /// Pairs of (token, own expert) in the exchange.
  private(set) var pairCount = 0
  /// Pairs of (token, expert) in the exchange by the rank that computes them, and by expert: of the whole group.
  private(set) var rowsOfRank: [UInt64]
  private(set) var rowsOfExpert: [UInt64]

  /// What comes from each source.
  private(set) var arriving: [ArrivingRows]

  private let shape: ExchangeShape
  private let rank: Int
  private let backend: ExchangeBackend?
  private let neighbours: UInt64
  private let copies: ArrivedRows?
  /// First pair of each own expert, and the end of the last.
  private var firstPair: [Int]
  private var pairsOfSource: [Int]
  /// `[experts, world]`, of the own ones first counts, then where the next pair goes.
  private var cursors: [Int]
  private let pairs: UnsafeMutablePointer<Pair>
  // The input rows of one expert at a time, `[world * chunk, hidden]`; pages are only paid for when touched.
  private let gathered: UnsafeMutablePointer<Float>

  /// A token's row in its source's dispatch, and the weight of the expert for it.
  private struct Pair {
    let source: UInt32
    let token: UInt32
    let weight: Float
  }

  init(_ shape: ExchangeShape, rank: Int, backend: ExchangeBackend?, neighbours: UInt64) {
    self.shape = shape
    self.rank = rank
    self.backend = backend
    self.neighbours = neighbours
    copies = backend.map { ArrivedRows(shape, rank: rank, $0) }
    arriving = Array(repeating: ArrivingRows(), count: shape.world)
    rowsOfRank = Array(repeating: 0, count: shape.world)
    rowsOfExpert = Array(repeating: 0, count: shape.experts)
    firstPair = Array(repeating: 0, count: shape.experts + 1)
    pairsOfSource = Array(repeating: 0, count: shape.world)
    cursors = Array(repeating: 0, count: shape.experts * shape.world)
    pairs = .allocate(capacity: shape.computedCapacity)
    gathered = .allocate(capacity: shape.world * shape.chunk * shape.hidden)
  }

  deinit {
    pairs.deallocate()
    gathered.deallocate()
  }

  /// Rows of the own expert with index `local`.
  func rowCount(_ local: Int) -> Int { firstPair[local + 1] - firstPair[local] }

  /// Pairs whose token is from `source`.
  func pairCount(from source: Int) -> Int { pairsOfSource[source] }

  /// Sorts what all sources dispatched, and tells each source where its rows will be.
  func plan(
    _ dispatches: [RankRegion.Dispatch], of sources: [Int], _ map: ExpertMap,
    starts: UnsafeMutablePointer<UInt32>, _ stamp: ExchangeStamp
  ) throws(ExpertParallelError) {
    experts = map.expertsOfRank[rank]
    try count(dispatches, of: sources, map, stamp)
    var next = 0
    for (local, expert) in experts.enumerated() {
      firstPair[local] = next
      for source in 0..<shape.world {
        let index = expert * shape.world + source
        let count = cursors[index]
        cursors[index] = next
        starts[index] = UInt32(next)
        next += count
      }
    }
    firstPair[experts.count] = next
    place(dispatches, map, stamp)
  }

  private func count(
    _ dispatches: [RankRegion.Dispatch], of sources: [Int], _ map: ExpertMap, _ stamp: ExchangeStamp
  ) throws(ExpertParallelError) {
    clearCounts()
    let countsTokens = backend == .highThroughput
    for source in sources {
      let before = pairCount
      var token = TokenOwners()
      forEachPair(dispatches[source], map, turn: ExpertMap.turn(of: source, stamp)) { expert, owner, slot in
        rowsOfRank[owner] += 1
        rowsOfExpert[expert] += 1
        if countsTokens {
          if slot % shape.topK == 0 { close(&token, of: source) }
          token.owners |= 1 << UInt64(owner)
          if owner == rank { token.pairs += 1 }
        }
        guard owner == rank else { return }
        cursors[expert * shape.world + source] += 1
        pairCount += 1
      }
      if countsTokens { close(&token, of: source) }
      pairsOfSource[source] = pairCount - before
      arriving[source].pairs = pairsOfSource[source]
      // A token names an expert once; a peer that does otherwise would overrun the buffers.
      let greatest = experts.reduce(0) { max($0, cursors[$1 * shape.world + source]) }
      guard greatest <= dispatches[source].rowCount else { throw .corruptPeer(rank: source, stamp) }
    }
  }

  /// The owners of a token's experts while its pairs are counted.
  private struct TokenOwners {
    var owners: UInt64 = 0
    var pairs = 0
  }

  private func close(_ token: inout TokenOwners, of source: Int) {
    arriving[source].add(pairs: token.pairs, owners: token.owners, rank: rank, neighbours: neighbours)
    token = TokenOwners()
  }

  private func clearCounts() {
    for source in arriving.indices { arriving[source] = ArrivingRows() }
    for expert in experts {
      for source in 0..<shape.world { cursors[expert * shape.world + source] = 0 }
    }
    for source in pairsOfSource.indices { pairsOfSource[source] = 0 }
    for rank in rowsOfRank.indices { rowsOfRank[rank] = 0 }
    for expert in rowsOfExpert.indices { rowsOfExpert[expert] = 0 }
    pairCount = 0
  }

  private func place(_ dispatches: [RankRegion.Dispatch], _ map: ExpertMap, _ stamp: ExchangeStamp) {
    for source in 0..<shape.world where pairsOfSource[source] > 0 {
      let dispatch = dispatches[source]
      forEachPair(dispatch, map, turn: ExpertMap.turn(of: source, stamp)) { expert, owner, slot in
        guard owner == rank else { return }
        let index = expert * shape.world + source
        (pairs + cursors[index]).initialize(
          to: Pair(source: UInt32(source), token: UInt32(slot / shape.topK), weight: dispatch.weights[slot]))
        cursors[index] += 1
      }
    }
  }

  private func forEachPair(
    _ dispatch: RankRegion.Dispatch, _ map: ExpertMap, turn: Int,
    _ body: (_ expert: Int, _ owner: Int, _ slot: Int) -> Void
  ) {
    for token in 0..<dispatch.rowCount {
      for slot in (token * shape.topK)..<((token + 1) * shape.topK) {
        let expert = Int(dispatch.ids[slot])
        guard (0..<shape.experts).contains(expert) else { continue }
        body(expert, map.owner(of: expert, token: token, turn: turn), slot)
      }
    }
  }

  /// Copies what the backend copies before anything is computed.
  func takeIn(_ dispatches: [RankRegion.Dispatch], of sources: [Int]) {
    guard let copies else { return }
    switch backend {
    case .naive, .allGather:
      for source in sources where source != rank {
        copies.takeAll(dispatches[source], count: dispatches[source].rowCount, of: source)
      }
    case .highThroughput:
      copies.forget()
      for index in 0..<pairCount {
        let (source, token) = (Int(pairs[index].source), Int(pairs[index].token))
        copies.takeOnce(dispatches[source], token: token, of: source)
      }
    case .lowLatency:
      copies.reserve(slots: experts.count)
      for local in experts.indices {
        for (row, index) in (firstPair[local]..<firstPair[local + 1]).enumerated() {
          let (source, token) = (Int(pairs[index].source), Int(pairs[index].token))
          copies.take(dispatches[source], token: token, intoSlot: local, row: row)
        }
      }
    case nil: break
    }
  }

  /// Computes all planned rows into `rows`, weighted.
  func run(
    _ dispatches: [RankRegion.Dispatch], into rows: UnsafeMutablePointer<Float>, _ compute: ExpertComputation
  ) {
    let width = shape.hidden
    for local in experts.indices where rowCount(local) > 0 {
      let range = firstPair[local]..<firstPair[local + 1]
      compute(
        experts[local], range.count, input(local, range, dispatches), rows + range.lowerBound * width)
      for index in range { scale(rows + index * width, by: pairs[index].weight, count: width) }
    }
  }

  /// `[rowCount, hidden]`: the rows of one own expert.
  private func input(
    _ local: Int, _ range: Range<Int>, _ dispatches: [RankRegion.Dispatch]
  ) -> UnsafePointer<Float> {
    if backend == .lowLatency, let copies { return UnsafePointer(copies.slot(local)) }
    let width = shape.hidden
    for (row, index) in range.enumerated() {
      let (source, token) = (Int(pairs[index].source), Int(pairs[index].token))
      let from =
        copies?.row(dispatches[source], token: token, of: source) ?? dispatches[source].rows + token * width
      (gathered + row * width).update(from: from, count: width)
    }
    return UnsafePointer(gathered)
  }
}
