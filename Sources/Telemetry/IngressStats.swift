/// The page of an ingress replica.
public enum IngressStats: StatsRole {
  /// 2.
  public static let number: UInt32 = 2
  /// `ingress`.
  public static let name = "ingress"

  /// Counters of an ingress replica.
  public enum Counter: Int, StatsSlot {
    /// Requests to the OpenAI endpoints that came to an end, by outcome.
    case requests, succeeded, clientErrors, tooManyRequests, serverErrors
    /// Refusals with 503 because the queue was full, or the wait in it too long.
    case queueFull, queueTimeouts
    /// Attempts on another rank.
    case retries
    /// Streams that another rank went on with.
    case migrations
    /// Requests whose client left before the end.
    case clientAborts
    /// Streams that could not be saved and ended in an error event.
    case streamErrors
    /// Tokens in and out, as the ranks told them.
    case promptTokens, generationTokens
    /// CPU time of the event loop in nanoseconds.
    case busyNanoseconds
  }

  /// Gauges of an ingress replica.
  public enum Gauge: Int, StatsSlot {
    /// Requests waiting for a rank, and those with one.
    case queueDepth, inFlight
    /// Connections of clients.
    case openConnections
    /// Ranks that may be chosen.
    case ranksLive
  }

  /// Distributions of an ingress replica.
  public enum Sketch: Int, StatsSlot {
    /// From a request's arrival to its first token, and per token after that.
    case ttft, tpot
    /// From a request's arrival to its admission.
    case queueWait
    /// A request's whole time.
    case e2e
    /// The ingress' own share of the time to first token: from arrival to the rank less the wait.
    case routeOverhead
  }
}
