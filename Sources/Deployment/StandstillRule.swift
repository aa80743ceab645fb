/// Tells what stands still from what is idle or slow: there is work for it, and its count does not go on.
///
/// Whether a process lives, and what its gauges say, tells nothing of a step that never ends; a count of steps does.
public struct StandstillRule: Sendable, Equatable {
  /// What is allowed between two moves of the count.
  public var limit: Duration
  private let grace: Duration
  private var count = 0
  private var movedAt: Duration?
  private var lookedAt: Duration?
  private var hasMoved = false

  /// The first steps of vLLM may compile kernels, and take at least this long.
  public static let grace = Duration.seconds(120)
  /// Looks so far apart are no evidence: whoever looks was itself held up, as when the whole machine stood still.
  static let longestGap = Duration.seconds(5)

  /// A rule that allows `limit` between two moves of the count, and `grace` at least until its first.
  public init(limit: Duration, grace: Duration = .zero) {
    self.limit = limit
    self.grace = grace
  }

  /// Looks again.
  ///
  /// - Parameters:
  ///   - hasWork: whether the count must go on.
  ///   - count: what moves with each step.
  ///   - now: the time on any monotonic clock.
  /// - Returns: how long it has stood still when that is too long, and then counts anew; nil otherwise.
  public mutating func look(hasWork: Bool, count: Int, at now: Duration) -> Duration? {
    defer { lookedAt = now }
    guard let movedAt, let lookedAt, now - lookedAt <= Self.longestGap, hasWork, count == self.count else {
      if count != self.count, movedAt != nil { hasMoved = true }
      self.count = count
      movedAt = now
      return nil
    }
    let time = now - movedAt
    guard time >= (hasMoved ? limit : max(limit, grace)) else { return nil }
    self.movedAt = now
    return time
  }
}
