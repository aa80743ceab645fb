/// A manifest to carry out: the body of `POST /v1/applications`.
public struct ApplyRequest: Codable, Sendable, Hashable {
  /// The manifest's text.
  public var manifest: String
  /// Its absolute path, from whose folder relative paths count; absent for one that came from a pipe.
  public var path: String?
  /// The folder from which relative paths count when there is no path.
  public var workingDirectory: String
  /// The version of the client; the controller refuses another than its own.
  public var clientVersion: String
  /// The revision that must hold now, or the apply is refused; absent when any may.
  public var expectRevision: Int?
  /// Whether a failure is left as it is; otherwise, and when absent, the last healthy revision comes back.
  public var noRollback: Bool?
  /// Whether what others changed on a cluster since the last apply is replaced; otherwise, and when absent, it is refused.
  public var overwrite: Bool?

  /// Asks to carry out `manifest`.
  public init(
    manifest: String, path: String?, workingDirectory: String, clientVersion: String,
    expectRevision: Int? = nil, noRollback: Bool? = nil
  ) {
    self.expectRevision = expectRevision
    self.noRollback = noRollback
    self.manifest = manifest
    self.path = path
    self.workingDirectory = workingDirectory
    self.clientVersion = clientVersion
  }
}

/// What an apply will do: the answer of `POST /v1/applications`.
public struct ApplyResult: Codable, Sendable, Hashable {
  /// What became of an apply.
  public enum Outcome: String, Codable, Sendable {
    /// A new application.
    case created
    /// Nothing differs from what runs.
    case unchanged
    /// Some fields differ.
    case updated
  }

  /// The application.
  public var application: String
  /// The revision that now holds.
  public var revision: Int
  /// What became of it.
  public var outcome: Outcome
  /// The fields that differ, secrets redacted.
  public var changes: [FieldChange]
  /// Warnings about the manifest, rendered for people.
  public var warnings: [String]

  /// States a result.
  public init(
    application: String, revision: Int, outcome: Outcome, changes: [FieldChange], warnings: [String]
  ) {
    self.application = application
    self.revision = revision
    self.outcome = outcome
    self.changes = changes
    self.warnings = warnings
  }
}

/// A field of the manifest that an apply changes.
public struct FieldChange: Codable, Sendable, Hashable {
  /// The field's path, such as `llm_config.engine_kwargs.max_num_seqs`.
  public var path: String
  /// Its value before, as YAML; absent when it was not there.
  public var before: String?
  /// Its value now, as YAML; absent when it is gone.
  public var after: String?
  /// What it costs: `none`, `live`, `ingress-roll`, `group-restart` or `recreate`.
  public var changeClass: String

  /// States a change.
  public init(path: String, before: String?, after: String?, changeClass: String) {
    self.path = path
    self.before = before
    self.after = after
    self.changeClass = changeClass
  }
}

/// What to start again: the body of `POST /v1/applications/NAME/restart`.
public struct RestartRequest: Codable, Sendable, Hashable {
  /// The replica's id.
  ///
  /// A rank takes its whole group along, since a group lives and dies together.
  public var replica: String

  /// Asks to start `replica` again.
  public init(replica: String) { self.replica = replica }
}

/// Words for an application's events: the body of `POST /v1/applications/NAME/remark`.
public struct RemarkRequest: Codable, Sendable, Hashable {
  /// What is being done with the application; one line, of which 200 characters are kept.
  public var text: String

  /// Says `text`.
  public init(_ text: String) { self.text = text }
}

/// Why the controller refused: the body of every answer that is not a success.
public struct ControlError: Codable, Sendable, Hashable, Error, CustomStringConvertible {
  /// A word for scripts, such as `not-found`, `invalid-manifest`, `does-not-fit`, `port-in-use`.
  public var code: String
  /// What is wrong and how to mend it.
  public var message: String
  /// The exit code that the command line ends with (see the manual page).
  public var exitCode: Int32

  /// States an error.
  public init(code: String, message: String, exitCode: Int32 = 1) {
    self.code = code
    self.message = message
    self.exitCode = exitCode
  }

  /// The message.
  public var description: String { message }
}

/// The answer of `GET /v1/version`.
public struct VersionInfo: Codable, Sendable, Hashable {
  /// The controller's version.
  public var version: String
  /// The controller's process id.
  public var pid: Int32

  /// States a version.
  public init(version: String, pid: Int32) {
    self.version = version
    self.pid = pid
  }
}
