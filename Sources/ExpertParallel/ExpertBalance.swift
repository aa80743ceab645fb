import Synchronization

/// How evenly a group's load is spread, and what was done about it; written by the rank's compute thread, read by any.
public final class ExpertBalance: @unchecked Sendable {
  // Sendable: the table never moves and its elements are atomic.

  /// Layers with experts.
  public let layers: Int
  private let shares: UnsafeMutablePointer<Atomic<UInt64>>
  private let rebalancingCount = Atomic<UInt64>(0)
  private let moveCount = Atomic<UInt64>(0)

  init(_ shape: ExchangeShape) {
    layers = shape.layers
    shares = .allocate(capacity: layers)
    for layer in 0..<layers { (shares + layer).initialize(to: Atomic(0)) }
  }

  deinit { shares.deallocate() }

  /// Mean over max of the rows that fell on each rank in the last steps, in (0, 1]; nil before there were any.
  public func balancedness(layer: Int) -> Double? {
    precondition((0..<layers).contains(layer))
    let share = Double(bitPattern: shares[layer].load(ordering: .relaxed))
    return share > 0 ? share : nil
  }

  /// Times that experts were placed anew by their load.
  public var rebalancings: UInt64 { rebalancingCount.load(ordering: .relaxed) }

  /// Experts that a rank was given by that and did not have before, over all layers and ranks.
  public var moves: UInt64 { moveCount.load(ordering: .relaxed) }

  func set(_ balancedness: Double?, layer: Int) {
    shares[layer].store((balancedness ?? 0).bitPattern, ordering: .relaxed)
  }

  func add(_ rebalancing: Rebalancing) {
    rebalancingCount.wrappingAdd(1, ordering: .relaxed)
    moveCount.wrappingAdd(UInt64(rebalancing.moves), ordering: .relaxed)
  }
}
