/// Tells a rank that stands still from one that is idle or slow: it has requests, and its steps do not count on.
///
/// vLLM's `/health` and its gauges say nothing of a step that never ends; the count of steps does.
public struct StandstillRule: Sendable, Equatable {
  private let limit: Duration
  private var steps = 0
  private var movedAt: Duration?
  private var hasStepped = false

  /// The first steps may compile kernels, and take at least this long.
  public static let grace = Duration.seconds(120)

  /// A rule that gives a rank `limit` for a step.
  public init(limit: Duration) { self.limit = limit }

  /// Looks at a rank.
  ///
  /// - Parameters:
  ///   - inFlight: requests that the rank has been sent and not answered.
  ///   - steps: its steps since its start.
  ///   - now: the time on any monotonic clock.
  /// - Returns: how long it has stood still when that is too long, and then counts anew; nil otherwise.
  public mutating func look(inFlight: Int, steps: Int, at now: Duration) -> Duration? {
    if steps != self.steps || inFlight == 0 || movedAt == nil {
      if steps != self.steps, movedAt != nil { hasStepped = true }
      self.steps = steps
      movedAt = now
      return nil
    }
    let time = now - (movedAt ?? now)
    guard time >= (hasStepped ? limit : max(limit, Self.grace)) else { return nil }
    movedAt = now
    return time
  }
}
