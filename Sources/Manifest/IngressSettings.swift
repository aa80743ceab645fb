/// The ingress: where it listens, how it chooses a rank and how long requests may wait.
public struct IngressSettings: Sendable, Equatable {
  /// The address it listens on.
  public let host: String
  /// The TCP port; 0 takes any free one.
  public let port: Int
  /// How a rank is chosen.
  public let policy: RoutingPolicy
  /// Requests that one ingress replica may have at ranks; times their number it limits all together.
  public let maxOngoingRequests: Int?
  /// Requests that may wait over all ingress replicas; -1 sets no limit.
  public let maxQueuedRequests: Int
  /// The longest a request waits for a rank, in seconds.
  public let maxQueueWaitSeconds: Double
  /// How long after the loss of the last rank requests wait for another, in seconds.
  public let maxOutageWaitSeconds: Double
  /// The longest a request takes from its first byte to its last, in seconds.
  public let requestTimeoutSeconds: Double
  /// How often a stream moves to another rank when its rank is lost.
  public let migrationLimit: Int
  /// Bytes of a request's body.
  public let maxBodyBytes: Int
  /// An OpenTelemetry collector for spans; nil makes none.
  public let tracesCollector: String?
  /// Origins whose pages may ask from a browser; `*` is every one.
  public let corsOrigins: [String]
  /// How ended requests are logged.
  public let accessLog: AccessLogFormat
  /// The share of requests that is logged, from 0 to 1.
  public let accessLogSample: Double
  /// A file of accepted API keys, one a line; nil lets everyone in.
  ///
  /// It is as the manifest writes it: ``ModelLookup/path(of:)`` makes it absolute.
  public let apiKeysFile: String?
  /// The HAProxy before the ingress; nil lets clients connect to the ingress itself.
  public let haproxy: HAProxySettings?
}

/// What stands before the ingress.
public enum IngressFront: String, Sendable, CaseIterable {
  /// Nothing: the ingress replicas accept clients themselves.
  case none
  /// An HAProxy of ours.
  case haproxy
}

/// The HAProxy before the ingress.
///
/// Files are as the manifest writes them: ``ModelLookup/path(of:)`` makes them absolute.
public struct HAProxySettings: Sendable, Equatable {
  /// A PEM file with the certificate and its chain; nil speaks plain HTTP.
  public let certificate: String?
  /// A PEM file with the private key; nil when it stands in ``certificate``.
  public let key: String?
  /// Whether HTTP/2 is offered over TLS.
  public let offersHTTP2: Bool
  /// Requests a second of one client; nil sets no limit.
  public let requestsPerSecond: Double?
  /// What one client is.
  public let rateLimitKey: RateLimitKey
  /// How often each ingress replica is checked, in seconds.
  public let checkIntervalSeconds: Double
  /// Threads of the process.
  public let threads: Int
  /// Connections at the same time.
  public let maxConnections: Int
  /// The program, by name or path.
  public let executable: String
}

/// What a rate limit counts by; the spelling is the manifest's.
public enum RateLimitKey: String, Sendable, CaseIterable {
  /// The client's address.
  case address
  /// The API key, or the address where there is none.
  case key
}

/// How the ingress chooses a rank; the spelling is the manifest's and dpingress's.
public enum RoutingPolicy: String, Sendable, CaseIterable {
  /// The less loaded of two ranks picked at random.
  case powerOfTwo = "power_of_two"
  /// The least loaded of all ranks.
  case leastLoaded = "least_loaded"
  /// Each live rank in turn.
  case roundRobin = "round_robin"
  /// Any rank.
  case random
  /// The same rank for the same session.
  case session
  /// The rank that has the longest beginning of the prompt in its cache, within bounds of load.
  case prefixAware = "prefix_aware"
}

/// How an ingress replica logs the requests that came to an end.
public enum AccessLogFormat: String, Sendable, CaseIterable {
  /// Not at all.
  case none
  /// `name=value` pairs.
  case logfmt
  /// One JSON object a line.
  case json
}

/// How changed groups replace the old ones.
public enum RolloutStrategy: String, Sendable, CaseIterable, Codable {
  /// A further group serves meanwhile, where there is room for one.
  case surge
  /// One after the other.
  case rolling
  /// All at once.
  case recreate
}

/// How changes and stops are carried out.
public struct RolloutSettings: Sendable, Equatable {
  /// How changed groups replace the old ones.
  public let strategy: RolloutStrategy
  /// Groups that may be down at once.
  public let maxUnavailable: Int
  /// The longest running requests may take to finish before their rank is stopped, in seconds.
  public let drainTimeoutSeconds: Double
  /// The longest a deployment may take to become HEALTHY, in seconds.
  public let healthyDeadlineSeconds: Double
  /// A revision counts as HEALTHY once it has served for so long, in seconds.
  public let minReadySeconds: Double
  /// Whether a change that fails is taken back to the last healthy revision.
  public let autoRollback: Bool
}
