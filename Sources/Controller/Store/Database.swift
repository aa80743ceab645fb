import CSQLite

/// An open SQLite file, used by one thread.
///
/// Its journal is a WAL, so what a commit has returned from survives the death of the process, and where that is
/// wanted a crash of the machine too.
final class Database {
  private let path: String
  private let handle: OpaquePointer
  private var statements: [String: OpaquePointer] = [:]

  /// A value of a row or a parameter.
  enum Value: Equatable {
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
    case null
  }

  init(path: String) throws(StoreError) {
    var handle: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
    let code = sqlite3_open_v2(path, &handle, flags, nil)
    guard code == SQLITE_OK, let handle else {
      let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "cannot be opened"
      sqlite3_close(handle)
      throw .database(path: path, code: code, message: message)
    }
    self.path = path
    self.handle = handle
    for pragma in ["journal_mode=WAL", "foreign_keys=ON", "busy_timeout=2000"] {
      try run("PRAGMA \(pragma)")
    }
  }

  deinit {
    for statement in statements.values { sqlite3_finalize(statement) }
    sqlite3_close(handle)
  }

  /// Runs a statement and returns its rows.
  @discardableResult
  func run(_ sql: String, _ parameters: [Value] = []) throws(StoreError) -> [[Value]] {
    let statement = try prepared(sql)
    defer {
      sqlite3_reset(statement)
      sqlite3_clear_bindings(statement)
    }
    for (index, parameter) in parameters.enumerated() { bind(parameter, Int32(index + 1), to: statement) }
    var rows: [[Value]] = []
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW: rows.append(row(of: statement))
      case SQLITE_DONE: return rows
      default: throw failure()
      }
    }
  }

  /// Gives each row of a query to `body`, one at a time; false when the file lets not all of them be read.
  func each(_ sql: String, _ body: ([Value]) -> Void) -> Bool {
    guard let statement = try? prepared(sql) else { return false }
    defer { sqlite3_reset(statement) }
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW: body(row(of: statement))
      case SQLITE_DONE: return true
      default: return false
      }
    }
  }

  /// Runs `body` as one transaction.
  ///
  /// - Parameter isDurable: whether it, and all before it, are to survive a crash of the machine, for which the disk is
  ///   waited for.
  func transaction(isDurable: Bool, _ body: () throws(StoreError) -> Void) throws(StoreError) {
    try run(isDurable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL")
    try run("BEGIN IMMEDIATE")
    do {
      try body()
      try run("COMMIT")
    } catch {
      _ = try? run("ROLLBACK")
      throw error
    }
  }

  private func prepared(_ sql: String) throws(StoreError) -> OpaquePointer {
    if let statement = statements[sql] { return statement }
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK, let statement else {
      throw failure()
    }
    statements[sql] = statement
    return statement
  }

  private func bind(_ value: Value, _ index: Int32, to statement: OpaquePointer) {
    switch value {
    case .integer(let number): sqlite3_bind_int64(statement, index, number)
    case .real(let number): sqlite3_bind_double(statement, index, number)
    case .text(let text): csqlite_bind_text(statement, index, text, Int32(text.utf8.count))
    case .blob(let bytes): csqlite_bind_blob(statement, index, bytes, Int32(bytes.count))
    case .null: sqlite3_bind_null(statement, index)
    }
  }

  private func row(of statement: OpaquePointer) -> [Value] {
    (0..<sqlite3_column_count(statement)).map { column in
      switch sqlite3_column_type(statement, column) {
      case SQLITE_INTEGER: .integer(sqlite3_column_int64(statement, column))
      case SQLITE_FLOAT: .real(sqlite3_column_double(statement, column))
      case SQLITE_TEXT: .text(sqlite3_column_text(statement, column).map { String(cString: $0) } ?? "")
      case SQLITE_BLOB:
        .blob(
          Array(
            UnsafeRawBufferPointer(
              start: sqlite3_column_blob(statement, column),
              count: Int(sqlite3_column_bytes(statement, column)))))
      default: .null
      }
    }
  }

  private func failure() -> StoreError {
    .database(
      path: path, code: sqlite3_extended_errcode(handle), message: String(cString: sqlite3_errmsg(handle)))
  }
}

extension Database.Value {
  init(_ text: String?) { self = text.map(Self.text) ?? .null }
  init(_ number: Int?) { self = number.map { .integer(Int64($0)) } ?? .null }

  var integer: Int {
    switch self {
    case .integer(let number): Int(number)
    case .real(let number): Int(number)
    case .text, .blob, .null: 0
    }
  }

  var real: Double {
    switch self {
    case .integer(let number): Double(number)
    case .real(let number): number
    case .text, .blob, .null: 0
    }
  }

  var blob: [UInt8]? { if case .blob(let bytes) = self { bytes } else { nil } }

  var text: String? { if case .text(let text) = self { text } else { nil } }
}
