import Platform
import Routing

/// Requests that broke rank after rank, so that they are not let near another one for a while.
struct Quarantine {
  /// How long a request stays shut out.
  static let period = Duration.seconds(300)
  private static let most = 1024
  private var releases: [UInt64: Instant] = [:]

  /// Shuts out requests with this body.
  mutating func add(_ body: [UInt8], at now: Instant) {
    releases = releases.filter { $0.value > now }
    guard releases.count < Self.most else { return }
    releases[StableHash.of(body)] = now + Self.period
  }

  /// Whether requests with this body are shut out.
  func holds(_ body: [UInt8], at now: Instant) -> Bool {
    guard !releases.isEmpty, let release = releases[StableHash.of(body)] else { return false }
    return release > now
  }
}
