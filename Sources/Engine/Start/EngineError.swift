/// Why an engine cannot start or go on.
public enum EngineError: Error, Equatable, CustomStringConvertible, Sendable {
  /// The command line is wrong; the option is named.
  case usage(String)
  /// Configuration, model files and memory do not go together; starting again cannot help.
  case configuration(String)
  /// The group of ranks broke: a peer died, the epoch is over, or a step took too long.
  case group(String)
  /// The system refused something, such as a socket.
  case system(String)

  /// One line for the log.
  public var description: String {
    switch self {
    case .usage(let text), .configuration(let text), .group(let text), .system(let text): text
    }
  }

  /// The status to exit with: 78 (sysexits' `EX_CONFIG`) says that the same start would fail again.
  public var exitCode: Int32 {
    switch self {
    case .usage, .configuration: 78
    case .group: 75
    case .system: 1
    }
  }
}
