/// Which replicas get new requests: the body of `POST /v1/applications/NAME/cordon`.
public struct CordonRequest: Codable, Sendable, Hashable {
  /// What is asked for.
  public enum Action: String, Codable, Sendable {
    /// Keep new requests away; what runs is finished.
    case cordon
    /// The same, and record when nothing is left.
    case drain
    /// Let requests in again.
    case uncordon
  }

  /// What is asked for.
  public var action: Action
  /// The replicas' ids.
  public var replicas: [String]
  /// Whether nobody may be left to take requests; absent for no.
  public var force: Bool?

  /// Asks for `action`.
  public init(_ action: Action, _ replicas: [String], force: Bool? = nil) {
    self.action = action
    self.replicas = replicas
    self.force = force
  }
}

/// What is cordoned now: the answer of `POST /v1/applications/NAME/cordon`.
public struct CordonResult: Codable, Sendable, Hashable {
  /// The application.
  public var application: String
  /// The ids of all its replicas that get no new requests, sorted.
  public var cordoned: [String]

  /// States a result.
  public init(application: String, cordoned: [String]) {
    self.application = application
    self.cordoned = cordoned
  }
}
