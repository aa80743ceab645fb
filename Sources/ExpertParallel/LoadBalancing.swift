/// When and how experts move to even out the load: EPLB, under vLLM's names and with its defaults.
public struct LoadBalancing: Sendable, Hashable {
  /// Steps whose tokens count as the load (`window_size`).
  public var windowSize = 1000
  /// Steps between two rebalancings (`step_interval`).
  public var stepInterval = 3000
  /// Copies of experts beyond the first, in each layer (`num_redundant_experts`).
  public var redundantExperts = 0

  /// vLLM's defaults.
  public init() {}

  /// Why a group of this shape cannot be balanced so; nil when it can.
  func objection(to shape: ExchangeShape) -> String? {
    let slots = shape.experts + redundantExperts
    guard slots.isMultiple(of: shape.founders) else {
      let next = (slots + shape.founders - 1) / shape.founders * shape.founders - shape.experts
      return
        "num_redundant_experts is \(redundantExperts), but with the \(shape.experts) experts it must divide"
        + " by data_parallel_size \(shape.founders): set it to \(next)"
    }
    let most = shape.experts * (shape.founders - 1)
    guard redundantExperts <= most else {
      return
        "num_redundant_experts is \(redundantExperts), but \(shape.experts) experts on \(shape.founders) ranks"
        + " have room for \(most): each rank then has them all"
    }
    return nil
  }
}

/// What one rebalancing did.
public struct Rebalancing: Sendable, Hashable {
  /// The step before which it happened.
  public let step: UInt64
  /// Mean over max of the ranks' load in the window, averaged over the layers that had any.
  public let balancedness: Double
  /// The same, had the new placement been in force.
  public let expected: Double
  /// Experts that a rank did not have before, over all layers and ranks.
  public let moves: Int
}
