/// The rows that an owner computes in one exchange: sorted by expert, then source, then token.
final class OwnedExperts {
  /// The experts of this rank, ascending.
  let experts: [Int]
  /// Pairs of (token, own expert) in the exchange.
  private(set) var pairCount = 0

  private let shape: ExchangeShape
  /// The index of an expert among the own ones, or -1.
  private var localIndex: [Int]
  /// First pair of each own expert, and the end of the last.
  private var firstPair: [Int]
  private var pairsOfSource: [Int]
  /// `[own experts, world]`, first counts, then where the next pair goes.
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

  init(_ shape: ExchangeShape, experts: [Int]) {
    self.shape = shape
    self.experts = experts
    localIndex = Array(repeating: -1, count: shape.experts)
    for (local, expert) in experts.enumerated() { localIndex[expert] = local }
    firstPair = Array(repeating: 0, count: experts.count + 1)
    pairsOfSource = Array(repeating: 0, count: shape.world)
    cursors = Array(repeating: 0, count: experts.count * shape.world)
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
    _ dispatches: [RankRegion.Dispatch], of sources: [Int], starts: UnsafeMutablePointer<UInt32>,
    _ stamp: ExchangeStamp
  ) throws(ExpertParallelError) {
    try count(dispatches, of: sources, stamp)
    var next = 0
    for local in experts.indices {
      firstPair[local] = next
      for source in 0..<shape.world {
        let index = local * shape.world + source
        let count = cursors[index]
        cursors[index] = next
        starts[experts[local] * shape.world + source] = UInt32(next)
        next += count
      }
    }
    firstPair[experts.count] = next
    place(dispatches)
  }

  private func count(
    _ dispatches: [RankRegion.Dispatch], of sources: [Int], _ stamp: ExchangeStamp
  ) throws(ExpertParallelError) {
    for index in cursors.indices { cursors[index] = 0 }
    for source in pairsOfSource.indices { pairsOfSource[source] = 0 }
    pairCount = 0
    for source in sources {
      let before = pairCount
      forEachOwnedPair(dispatches[source]) { local, _ in
        cursors[local * shape.world + source] += 1
        pairCount += 1
      }
      pairsOfSource[source] = pairCount - before
      // A token names an expert once; a peer that does otherwise would overrun the buffers.
      let greatest = experts.indices.lazy.map { [cursors, shape] in cursors[$0 * shape.world + source] }.max()
      guard greatest ?? 0 <= dispatches[source].rowCount else { throw .corruptPeer(rank: source, stamp) }
    }
  }

  private func place(_ dispatches: [RankRegion.Dispatch]) {
    for source in 0..<shape.world where pairsOfSource[source] > 0 {
      let dispatch = dispatches[source]
      forEachOwnedPair(dispatch) { local, slot in
        let index = local * shape.world + source
        (pairs + cursors[index]).initialize(
          to: Pair(source: UInt32(source), token: UInt32(slot / shape.topK), weight: dispatch.weights[slot]))
        cursors[index] += 1
      }
    }
  }

  private func forEachOwnedPair(_ dispatch: RankRegion.Dispatch, _ body: (_ local: Int, _ slot: Int) -> Void)
  {
    for slot in 0..<(dispatch.rowCount * shape.topK) {
      let expert = Int(dispatch.ids[slot])
      guard (0..<shape.experts).contains(expert), localIndex[expert] >= 0 else { continue }
      body(localIndex[expert], slot)
    }
  }

  /// Computes all planned rows into `rows`, weighted.
  func run(
    _ dispatches: [RankRegion.Dispatch], into rows: UnsafeMutablePointer<Float>, _ compute: ExpertComputation
  ) {
    let width = shape.hidden
    for local in experts.indices where rowCount(local) > 0 {
      let range = firstPair[local]..<firstPair[local + 1]
      for (row, index) in range.enumerated() {
        let source = dispatches[Int(pairs[index].source)].rows + Int(pairs[index].token) * width
        (gathered + row * width).update(from: source, count: width)
      }
      compute(experts[local], range.count, gathered, rows + range.lowerBound * width)
      for index in range { scale(rows + index * width, by: pairs[index].weight, count: width) }
    }
  }
}
