import Platform
import WebClient

/// Asks a Prometheus server as often as it can have something new, and follows its clock.
@Loop
final class PrometheusWatch {
  /// As long as Prometheus takes the last look at a series for the present; the first question is for all of that.
  private static let lookback = 300
  private static let patience = Duration.seconds(5)

  private let server: PrometheusServer
  private let bearerToken: String?
  /// How far the server's clock, in seconds since 1970, is before the monotonic one; ours says until it is known.
  private var offset = WallClock.secondsSinceEpoch - Instant.now.inSeconds
  private var askedAt: Instant?
  /// When it last told something; nil before, and after it could not.
  private var toldAt: Instant?

  init(_ server: PrometheusServer, bearerToken: String?) {
    self.server = server
    self.bearerToken = bearerToken
  }

  /// The present by the server's clock.
  var now: Double { Instant.now.inSeconds + offset }

  /// What it tells, or why it does not; nil when it cannot have anything new.
  ///
  /// - Parameter interval: How often it looks at the engines, in seconds; nil when none is known.
  func read(_ client: WebClient, interval: Double?) async -> Result<Told, AttachError>? {
    if let askedAt, toldAt != nil, (Instant.now - askedAt).inSeconds < pause(interval) { return nil }
    let seconds = span(interval)
    let requests = [
      server.clockRequest(bearerToken), server.samplesRequest(seconds: seconds, bearerToken),
    ]
    askedAt = .now
    let answers = await client.fetch(requests, until: .after(Self.patience))
    toldAt = nil
    switch server.read(clock: answers[0], samples: answers[1]) {
    case .failure(let error): return .failure(error)
    case .success(let answer):
      offset = answer.time - Instant.now.inSeconds
      // Of a short time it may well have nothing new.
      if answer.told.isEmpty, seconds == Self.lookback { return .failure(server.emptiness) }
      toldAt = .now
      return .success(answer.told)
    }
  }

  /// How long to wait between two questions: not to be late by much, and not to ask for the same again and again.
  private func pause(_ interval: Double?) -> Double { interval.map { min(max(0.9, $0 / 3), 5) } ?? 0.9 }

  /// For how much of the past to ask: all that may have come since the last answer, in few different lengths.
  private func span(_ interval: Double?) -> Int {
    guard let interval, let toldAt else { return Self.lookback }
    let missed = (Instant.now - toldAt).inSeconds + 2 * interval
    return min(Self.lookback, (Int(missed) / 30 + 1) * 30)
  }
}
