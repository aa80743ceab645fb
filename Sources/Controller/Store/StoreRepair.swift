public import ControlAPI
import Glibc

/// Makes a usable state database out of a damaged one: what can still be read is kept, and the damaged file set aside.
public struct StoreRepair {
  /// How many rows were kept, by table, in the order of the tables' names.
  public private(set) var kept: [(table: String, rows: Int)] = []
  /// Tables of which a part, or all, could not be read.
  public private(set) var damaged: [String] = []
  /// Where the damaged file is now; nil when there was none.
  public private(set) var asidePath: String?

  /// Repairs the database of `home`, in which no controller may run.
  ///
  /// - Throws: ``ControllerError/locked(pid:home:)`` when one does, or what hinders the new file.
  public init(home: HomeDirectory) throws(ControllerError) {
    let lock = try HomeLock(home)
    defer { lock.release() }
    let path = home.stateDatabase
    guard access(path, F_OK) == 0 else { return }
    let aside = "\(path).damaged-\(time(nil))"
    for suffix in ["", "-wal", "-shm"] where access(path + suffix, F_OK) == 0 {
      guard rename(path + suffix, aside + suffix) == 0 else {
        throw .home("cannot move \(path + suffix) aside: \(String(cString: strerror(errno)))")
      }
    }
    asidePath = aside
    do throws(StoreError) { try salvage(from: aside, to: path) } catch { throw .store(error) }
    chmod(path, 0o600)
  }

  private mutating func salvage(from old: String, to new: String) throws(StoreError) {
    let target = try Database(path: new)
    try Store.migrate(target, new)
    let tables = try target.run(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).compactMap { $0[0].text }
    let source = try? Database(path: old)
    for table in tables {
      let columns = try Self.columns(of: table, target)
      let known = source.flatMap { try? Self.columns(of: table, $0) } ?? []
      let shared = columns.filter(known.contains)
      var rows = 0
      let isWhole =
        source.map { Self.copy(table, shared, from: $0, to: target, &rows) } ?? false
      if !isWhole { damaged.append(table) }
      kept.append((table, rows))
    }
  }

  private static func columns(of table: String, _ database: Database) throws(StoreError) -> [String] {
    try database.run("PRAGMA table_info(\(table))").compactMap { $0[1].text }
  }

  /// Copies row by row, from both ends, so that a bad page costs only what is on it and what hangs on it; false when
  /// some could not be read.
  private static func copy(
    _ table: String, _ columns: [String], from source: Database, to target: Database, _ count: inout Int
  ) -> Bool {
    guard !columns.isEmpty else { return false }
    let names = columns.joined(separator: ", ")
    let places = columns.map { _ in "?" }.joined(separator: ", ")
    var isWhole = true
    for order in ["ASC", "DESC"] {
      let isRead = source.each("SELECT \(names) FROM \(table) ORDER BY rowid \(order)") { row in
        let insertion = "INSERT OR IGNORE INTO \(table) (\(names)) VALUES (\(places)) RETURNING 1"
        if let inserted = try? target.run(insertion, row), !inserted.isEmpty { count += 1 }
      }
      if isRead { break }
      isWhole = false
    }
    return isWhole
  }
}
