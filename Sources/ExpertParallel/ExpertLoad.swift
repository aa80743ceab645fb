import Synchronization

/// How many rows each expert of a rank has computed; written by the rank's compute thread, read by any.
public final class ExpertLoad: @unchecked Sendable {
  // Sendable: the table never moves and its elements are atomic.

  /// Layers with experts.
  public let layers: Int
  /// The experts that the rank began with, and those that it has computed for others since, ascending.
  public var experts: [Int] {
    (0..<expertCount).filter { expert in
      home.contains(expert) || (0..<layers).contains { rows(layer: $0, expert: expert) > 0 }
    }
  }
  private let home: Set<Int>
  /// Experts of a layer, those of all ranks.
  public let expertCount: Int
  private let counts: UnsafeMutablePointer<Atomic<UInt64>>

  init(_ shape: ExchangeShape, experts: [Int]) {
    layers = shape.layers
    home = Set(experts)
    expertCount = shape.experts
    counts = .allocate(capacity: shape.layers * shape.experts)
    for index in 0..<(shape.layers * shape.experts) { (counts + index).initialize(to: Atomic(0)) }
  }

  deinit { counts.deallocate() }

  /// Rows that `expert` computed in `layer` since the start; 0 for an expert of another rank.
  public func rows(layer: Int, expert: Int) -> UInt64 {
    precondition((0..<layers).contains(layer) && (0..<expertCount).contains(expert))
    return counts[layer * expertCount + expert].load(ordering: .relaxed)
  }

  func set(_ rows: UInt64, layer: Int, expert: Int) {
    counts[layer * expertCount + expert].store(rows, ordering: .relaxed)
  }
}
