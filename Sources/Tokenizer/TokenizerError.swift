/// Why a tokenizer cannot be used.
public enum TokenizerError: Error, Equatable, CustomStringConvertible, Sendable {
  /// A file cannot be read; `reason` is the system's.
  case unreadable(path: String, reason: String)
  /// A file is not what it should be; `reason` names the member and what was found.
  case malformed(file: String, reason: String)
  /// The file asks for something that this tokenizer does not do, named as in the file.
  case unsupported(file: String, what: String)

  /// One line that names the file and what to change.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
    case .malformed(let file, let reason): "\(file): \(reason)"
    case .unsupported(let file, let what): "\(file): \(what) is not supported"
    }
  }
}
