public import Platform

/// Why a message could not be exchanged.
public enum HTTPError: Error, Equatable, CustomStringConvertible {
  /// The peer broke RFC 9112; `status` is what a server answers.
  case malformed(status: Int, String)
  /// The peer closed in the middle of a message.
  case truncated
  /// The connection failed, or a deadline passed.
  case system(SystemError)

  /// What happened, for people.
  public var description: String {
    switch self {
    case .malformed(_, let reason): reason
    case .truncated: "the connection closed in the middle of a message"
    case .system(let error): error.description
    }
  }

  /// Whether a deadline passed.
  public var isTimeout: Bool {
    if case .system(let error) = self { error.isTimeout } else { false }
  }

  static func bad(_ reason: String) -> HTTPError { .malformed(status: 400, reason) }
}

/// How much and how long a peer may take.
public struct HTTPLimits: Sendable {
  /// Connections of a server; for one more the one that was idle longest is closed.
  public var connections = 16_384
  /// Bytes of a message's head.
  public var headBytes = 64 * 1024
  /// Bytes of a message's body.
  public var bodyBytes = 16 * 1024 * 1024
  /// From a head's first byte to its last.
  public var headTimeout = Duration.seconds(10)
  /// Between requests on one connection.
  public var idleTimeout = Duration.seconds(75)
  /// Between two pieces of a body.
  public var bodyTimeout = Duration.seconds(30)
  /// From a body's first byte to its last.
  public var wholeBodyTimeout = Duration.seconds(300)
  /// For a peer that does not read what is written.
  public var writeTimeout = Duration.seconds(60)

  /// The limits of a server that faces strangers.
  public init() {}
}
