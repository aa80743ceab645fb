/// What a command's exit status means; scripts may rely on it.
public enum ExitCode: Int32, Sendable, CaseIterable {
  /// Done.
  case ok = 0
  /// The operation failed.
  case failed = 1
  /// The command line was wrong.
  case usage = 2
  /// The manifest is wrong.
  case manifest = 3
  /// The deployment does not fit the machine or cluster.
  case doesNotFit = 4
  /// No controller answers.
  case unreachable = 5
  /// The wait took too long.
  case timedOut = 6
  /// Something is not HEALTHY.
  case unhealthy = 7
  /// The change was taken back.
  case rolledBack = 8
  /// Someone else changed it meanwhile.
  case conflict = 9
  /// There are changes to apply.
  case changesPresent = 10
  /// A deterministic configuration error of an engine: starting it again cannot help (sysexits' EX_CONFIG).
  case configuration = 78
  /// Ended by Ctrl-C.
  case interrupted = 130

  /// What commands for people end with: `configuration` is what engines tell the controller.
  static let documented = allCases.filter { $0 != .configuration }

  /// The meaning in a few words, for `--help`.
  public var meaning: String {
    switch self {
    case .ok: "done"
    case .failed: "the operation failed"
    case .usage: "the command line is wrong"
    case .manifest: "the manifest is wrong"
    case .doesNotFit: "it does not fit"
    case .unreachable: "no controller answers"
    case .timedOut: "timed out"
    case .unhealthy: "not healthy"
    case .rolledBack: "rolled back"
    case .conflict: "conflicting change"
    case .changesPresent: "changes present"
    case .configuration: "configuration error, do not retry"
    case .interrupted: "interrupted"
    }
  }
}
