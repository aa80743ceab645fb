import Platform

/// When a request met its milestones, as its client sees them.
struct RequestTimes {
  let arrival: Instant
  /// All its waiting for a place, over every attempt.
  var queued = Duration.zero
  /// When its first attempt was sent.
  var sent: Instant?
  private(set) var first: Instant?
  private(set) var last: Instant?
  private(set) var outputTokens = 0

  init(arrival: Instant) { self.arrival = arrival }

  /// Notes that `count` tokens have come.
  mutating func add(tokens count: Int, at now: Instant) {
    guard count > 0 else { return }
    outputTokens += count
    if first == nil { first = now }
    last = now
  }

  /// Notes tokens that came at once, the first of which the rank had after `wait` from when it got the request.
  mutating func addWhole(tokens count: Int, firstAfter wait: Duration, at now: Instant) {
    guard count > 0 else { return }
    outputTokens = count
    first = min(now, (sent ?? arrival) + wait)
    last = now
  }

  var timeToFirstToken: Duration? { first.map { $0 - arrival } }

  /// The mean time per token after the first; nil when there was only one.
  var timePerOutputToken: Duration? {
    guard let first, let last, outputTokens > 1 else { return nil }
    return (last - first) / (outputTokens - 1)
  }

  /// The ingress's own part of the time to the first token.
  var routeOverhead: Duration? { sent.map { $0 - arrival - queued } }
}
