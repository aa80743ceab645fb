/// How much of one source's dispatch an owner takes, in rows.
struct ArrivingRows: Equatable {
  /// Pairs of (token, expert here).
  var pairs = 0
  /// Tokens with an expert here; these and the next two are counted only for a backend that copies tokens once.
  var tokens = 0
  /// Tokens with an expert on this rank's node, and those of them that this rank takes for all of the node.
  var nodeTokens = 0
  var carried = 0

  /// Adds a token whose experts' owners are `owners`, one bit each.
  mutating func add(pairs count: Int, owners: UInt64, rank: Int, neighbours: UInt64) {
    let near = owners & neighbours
    guard near != 0 else { return }
    nodeTokens += 1
    guard count > 0 else { return }
    tokens += 1
    if near.trailingZeroBitCount == rank { carried += 1 }
  }

  /// Rows that come over the link between the nodes for this rank's account, and from within its node.
  func split(_ backend: ExchangeBackend?, all: Int, isSameNode: Bool) -> (between: Int, within: Int) {
    let rows =
      switch backend {
      case .naive, .allGather: all
      case .highThroughput: tokens
      case .lowLatency, nil: pairs
      }
    if isSameNode { return (0, rows) }
    return backend == .highThroughput ? (carried, tokens - carried) : (rows, 0)
  }

  /// Rows whose arrival this rank must wait for on the link between the nodes.
  func awaited(_ backend: ExchangeBackend?, all: Int, isSameNode: Bool) -> Int {
    if backend == .highThroughput, !isSameNode { return tokens > 0 ? nodeTokens : 0 }
    let (between, within) = split(backend, all: all, isSameNode: isSameNode)
    return between + within
  }
}
