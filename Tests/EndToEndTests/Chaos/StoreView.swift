import CSQLite
import Testing

/// What the state database says, read without the controller's code.
struct StoreView {
  struct Application: Equatable {
    var revision: Int
    var manifest: String
    var isDeleting: Bool
  }

  struct Event: Equatable {
    var sequence: Int
    var reason: String
    var replica: String
    var message: String
  }

  /// The application; nil when there is none.
  var application: Application?
  /// The manifests of its revisions.
  var revisions: [Int: String] = [:]
  /// Its events, oldest first.
  var events: [Event] = []
  /// Tokens of processes that are recorded.
  var tokens: [String] = []
}

extension StoreView {
  /// Reads the database at `path` without changing it.
  init(path: String, application name: String) throws {
    var handle: OpaquePointer?
    let code = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nil)
    defer { sqlite3_close(handle) }
    try #require(code == SQLITE_OK, "\(path) cannot be opened: \(code)")
    sqlite3_busy_timeout(handle, 2000)
    func rows(_ sql: String) throws -> [[String]] {
      var statement: OpaquePointer?
      try #require(
        sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK,
        "\(sql): \(String(cString: sqlite3_errmsg(handle)))")
      defer { sqlite3_finalize(statement) }
      var rows: [[String]] = []
      while sqlite3_step(statement) == SQLITE_ROW {
        rows.append(
          (0..<sqlite3_column_count(statement)).map {
            sqlite3_column_text(statement, $0).map { String(cString: $0) } ?? ""
          })
      }
      return rows
    }
    application = try rows("SELECT revision, manifest, deleting FROM applications WHERE name = '\(name)'")
      .first
      .map { Application(revision: Int($0[0]) ?? 0, manifest: $0[1], isDeleting: $0[2] == "1") }
    for row in try rows("SELECT number, manifest FROM revisions WHERE application = '\(name)'") {
      revisions[Int(row[0]) ?? 0] = row[1]
    }
    events = try rows("SELECT sequence, reason, replica, message FROM events ORDER BY sequence").map {
      Event(sequence: Int($0[0]) ?? 0, reason: $0[1], replica: $0[2], message: $0[3])
    }
    tokens = try rows("SELECT token FROM processes").map { $0[0] }
  }
}
