import Glibc
public import Platform

/// Why a process could not be started or ended.
public enum SupervisionError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Its log file cannot be opened.
  case log(SystemError)
  /// The kernel would not start it.
  case spawn(SystemError)

  /// What failed and why, in the kernel's words.
  public var description: String {
    switch self {
    case .log(let error): "its log cannot be opened: \(error)"
    case .spawn(let error): error.code == ENOENT ? "\(error.subject) is not there" : error.description
    }
  }

  /// Whether another try would end the same way, as with a program that is not there.
  public var isPermanent: Bool {
    switch self {
    case .log(let error), .spawn(let error):
      [ENOENT, EACCES, EPERM, ENOEXEC, ENOTDIR, E2BIG].contains(error.code)
    }
  }
}
