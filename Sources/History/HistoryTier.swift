/// How finely a stretch of the past is kept, and for how long.
public struct HistoryTier: Sendable, Equatable {
  /// Seconds of a step.
  public let step: Int
  /// Steps older than so many seconds are forgotten.
  public let kept: Int
  /// Of one application at most so many bytes; beyond that the oldest go first.
  public let keptBytes: Int

  /// Seconds for an hour, tens of seconds for a day, minutes for a month.
  public static let all = [
    HistoryTier(step: 1, kept: 3600, keptBytes: 8 << 20),
    HistoryTier(step: 10, kept: 86_400, keptBytes: 24 << 20),
    HistoryTier(step: 60, kept: 30 * 86_400, keptBytes: 64 << 20),
  ]

  /// The finest one that reaches back `age` seconds, with steps of at least `step`; the last reaches as far as any.
  public static func reaching(_ age: Int, step: Int) -> HistoryTier {
    let far = all.filter { $0.kept >= age }
    return far.last { $0.step <= step } ?? far.first ?? all[all.count - 1]
  }
}
