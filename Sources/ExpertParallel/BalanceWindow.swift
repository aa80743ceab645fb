/// The rows that fell on each rank lately, by layer; every rank counts the same.
struct BalanceWindow {
  /// Steps of a half: the window is one whole half and what there is of the next.
  private static let half = 64
  private let world: Int
  private var present: [UInt64]
  private var past: [UInt64]
  private var steps = 0

  init(_ shape: ExchangeShape) {
    world = shape.world
    present = Array(repeating: 0, count: shape.layers * shape.world)
    past = present
  }

  /// Forgets all: the experts or the members have changed.
  mutating func restart() {
    steps = 0
    for index in present.indices { (present[index], past[index]) = (0, 0) }
  }

  mutating func beginStep() {
    steps += 1
    guard steps > Self.half else { return }
    steps = 1
    swap(&present, &past)
    for index in present.indices { present[index] = 0 }
  }

  /// Adds the rows of one exchange, by rank.
  mutating func add(_ rows: [UInt64], layer: Int) {
    for rank in rows.indices { present[layer * world + rank] += rows[rank] }
  }

  /// Mean over max of the rows of `ranks`: 1 when all have the same; nil when there are none.
  func balancedness(layer: Int, ranks: [Int]) -> Double? {
    var (sum, most): (UInt64, UInt64) = (0, 0)
    for rank in ranks {
      let rows = present[layer * world + rank] + past[layer * world + rank]
      sum += rows
      most = max(most, rows)
    }
    return most == 0 ? nil : Double(sum) / Double(ranks.count) / Double(most)
  }
}
