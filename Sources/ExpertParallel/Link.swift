/// The way between two ranks, as the link model has it.
public struct Link: Sendable, Hashable {
  /// Time until the first byte arrives, in nanoseconds.
  public let latencyNanoseconds: UInt64
  /// Gigabits that pass in a second; nil when size costs no time.
  public let gigabitsPerSecond: Double?

  /// A link with these figures.
  public init(latencyNanoseconds: UInt64, gigabitsPerSecond: Double? = nil) {
    self.latencyNanoseconds = latencyNanoseconds
    self.gigabitsPerSecond = gigabitsPerSecond
  }

  /// Nanoseconds from the moment that `bytes` are sent until all have arrived.
  public func travel(bytes: Int) -> UInt64 {
    guard let gigabitsPerSecond else { return latencyNanoseconds }
    // A gigabit a second is a bit a nanosecond.
    return latencyNanoseconds + UInt64((Double(bytes * 8) / gigabitsPerSecond).rounded())
  }
}

/// What lies between two nodes.
public enum LinkState: Sendable, Hashable {
  /// A link that works.
  case up(Link)
  /// Nothing passes.
  case down
}

/// Two nodes, in either order.
public struct NodePair: Sendable, Hashable, CustomStringConvertible {
  /// The lower node.
  public let low: Int
  /// The higher one, or the same.
  public let high: Int

  /// The pair of `a` and `b`.
  public init(_ a: Int, _ b: Int) { (low, high) = (min(a, b), max(a, b)) }

  /// `0-1`.
  public var description: String { "\(low)-\(high)" }
}
