/// How often and how soon something that died is started again.
///
/// The first restart is immediate; while restarts come in one unstable streak they wait 0.5 s, 1 s, 2 s, … 60 s,
/// ±25 % so that groups which died together do not start together.
public struct RestartBudget: Sendable, Equatable, Codable {
  /// What to do about a death.
  public enum Decision: Sendable, Equatable {
    /// Start again after this time.
    case restart(after: Duration)
    /// The budget is used up.
    case exhausted
  }

  /// Restarts allowed in ``window``.
  public static let limit = 5
  /// The time in which restarts are counted.
  public static let window = Duration.seconds(600)
  /// Running this long ends an unstable streak.
  public static let stableAfter = Duration.seconds(120)
  private static let firstDelay = Duration.milliseconds(500)
  private static let longestDelay = Duration.seconds(60)

  private let seed: UInt64
  private var history: [Duration] = []
  private var streak = 0

  /// A full budget; `seed` varies the jitter.
  public init(seed: UInt64 = 0) { self.seed = seed }

  /// Restarts that still count at `now`.
  public func used(at now: Duration) -> Int { history.count { $0 + Self.window > now } }

  /// Decides about a death at `now` of something that had run for `uptime`; zero when it never got ready.
  public mutating func decide(at now: Duration, uptime: Duration) -> Decision {
    history.removeAll { $0 + Self.window <= now }
    if uptime >= Self.stableAfter { streak = 0 }
    guard history.count < Self.limit else { return .exhausted }
    history.append(now)
    defer { streak += 1 }
    return .restart(after: streak == 0 ? .zero : delay(after: streak))
  }

  /// The wait before restart number `streak` + 1 of an unstable streak.
  private func delay(after streak: Int) -> Duration {
    let plain = min(Self.firstDelay * (1 << min(streak - 1, 7)), Self.longestDelay)
    // SplitMix64's finaliser (Steele, Lea, Flood 2014): deterministic, so that replays agree.
    var z = seed &+ UInt64(streak) &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    z ^= z >> 31
    return plain * (0.75 + 0.5 * Double(z >> 11) / Double(1 << 53))
  }
}
