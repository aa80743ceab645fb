import CSQLite

/// Why the state database cannot be used.
public enum StoreError: Error, Sendable, Equatable, CustomStringConvertible {
  /// SQLite refused an operation.
  case database(path: String, code: Int32, message: String)
  /// A newer version wrote it.
  case newerSchema(path: String, found: Int, known: Int)

  /// What is wrong and what to do.
  public var description: String {
    switch self {
    case .database(let path, let code, let message):
      "\(path): \(message)" + (Self.cure(code).map { "; \($0)" } ?? "")
    case .newerSchema(let path, let found, let known):
      "\(path) has schema \(found), this version knows \(known); run the newer dpdeployd, or move the file away"
    }
  }

  /// What helps against an error of SQLite's.
  private static func cure(_ code: Int32) -> String? {
    // The low byte is the primary code.
    switch code & 0xFF {
    case SQLITE_FULL, SQLITE_IOERR: "free some disk space: what waits is written then"
    case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM: "let the controller's user write there"
    case SQLITE_CORRUPT, SQLITE_NOTADB:
      "`dpdeploy daemon stop`, then `dpdeploy daemon repair` keeps what can be read and sets the file aside"
    default: nil
    }
  }
}
