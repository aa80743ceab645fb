/// Something that somebody asked a controller for.
public struct AuditEntry: Codable, Sendable, Hashable {
  /// When, RFC 3339 in UTC.
  public var time: String
  /// The user, as the kernel says.
  public var uid: Known<UInt32>
  /// The process, as the kernel says; it may be another's by now.
  public var pid: Known<Int32>
  /// What, in a word: `apply`, `scale`, `delete`, `restart`, `cordon`, `drain`, `uncordon` or `rollout ACTION`.
  public var action: String
  /// The application; empty where the manifest was too broken to tell.
  public var application: String
  /// The revision that held after it; absent where none was told.
  public var revision: Int?
  /// `ok`, or the error's code.
  public var outcome: String

  /// Records what somebody asked for.
  public init(
    time: String, uid: Known<UInt32>, pid: Known<Int32>, action: String, application: String, revision: Int?,
    outcome: String
  ) {
    self.time = time
    self.uid = uid
    self.pid = pid
    self.action = action
    self.application = application
    self.revision = revision
    self.outcome = outcome
  }
}

/// Who asked for what: the answer of `GET /v1/audit?application=NAME&most=N`.
public struct AuditPage: Codable, Sendable, Hashable {
  /// Always `dpdeploy/v1`.
  public var apiVersion = "dpdeploy/v1"
  /// Always `AuditList`.
  public var kind = "AuditList"
  /// The version of this shape.
  public var schemaVersion = "1.0"
  /// The entries, newest first.
  public var entries: [AuditEntry]

  /// Collects a page.
  public init(entries: [AuditEntry]) { self.entries = entries }
}
