/// Why the state database cannot be used.
public enum StoreError: Error, Sendable, Equatable, CustomStringConvertible {
  /// SQLite refused an operation.
  case database(path: String, code: Int32, message: String)
  /// A newer version wrote it.
  case newerSchema(path: String, found: Int, known: Int)

  /// What is wrong and what to do.
  public var description: String {
    switch self {
    case .database(let path, _, let message): "\(path): \(message)"
    case .newerSchema(let path, let found, let known):
      "\(path) has schema \(found), this version knows \(known); run the newer dpdeployd, or move the file away"
    }
  }
}
