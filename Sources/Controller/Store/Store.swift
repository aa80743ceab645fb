import ControlAPI
import Deployment
import Manifest
import Platform
import Ray
import Supervision

/// The state database: what is to run, what runs, and what happened.
///
/// Its work is done on a thread of its own. A batch is one transaction; when the call returns, it outlives this process,
/// and what somebody was promised outlives the machine's crash.
actor Store {
  private let thread: WorkerThread
  let database: Database
  static let schemaVersion = 8
  /// Older events, and older entries of the audit, are forgotten at the next start.
  static let keptEvents = 10_000
  /// So many starts of each rank are kept.
  static let keptStarts = 32

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  /// Opens or makes the database at `path`.
  init(path: String) throws(StoreError) {
    thread = WorkerThread()
    database = try Database(path: path)
    try Self.migrate(database, path)
  }

  static func migrate(_ database: Database, _ path: String) throws(StoreError) {
    let found = try database.run("PRAGMA user_version").first?.first?.integer ?? 0
    guard found <= schemaVersion else {
      throw .newerSchema(path: path, found: found, known: schemaVersion)
    }
    guard found < schemaVersion else { return }
    try database.transaction(isDurable: true) { () throws(StoreError) in
      for step in migrations[found...] {
        for statement in step { try database.run(statement) }
      }
      try database.run("PRAGMA user_version=\(schemaVersion)")
    }
  }

  /// What each version of the schema added to the one before it.
  private static let migrations = [
    tables,
    [
      """
      CREATE TABLE checkpoints (
        application TEXT PRIMARY KEY, checkpoint TEXT NOT NULL)
      """
    ],
    ["ALTER TABLE events ADD COLUMN last_lines TEXT"],
    ["ALTER TABLE applications ADD COLUMN scale TEXT", "ALTER TABLE revisions ADD COLUMN scale TEXT"],
    ["ALTER TABLE applications ADD COLUMN cordons TEXT NOT NULL DEFAULT ''"],
    [
      """
      CREATE TABLE audit (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, time TEXT NOT NULL, uid INTEGER, pid INTEGER, action TEXT NOT NULL,
        application TEXT NOT NULL, revision INTEGER, outcome TEXT NOT NULL)
      """
    ],
    [
      """
      CREATE TABLE starts (
        application TEXT NOT NULL, group_index INTEGER NOT NULL, rank INTEGER NOT NULL, epoch INTEGER NOT NULL,
        start TEXT NOT NULL, PRIMARY KEY (application, group_index, rank, epoch))
      """
    ],
    [
      """
      CREATE TABLE history (
        application TEXT NOT NULL, step INTEGER NOT NULL, start INTEGER NOT NULL, block BLOB NOT NULL,
        PRIMARY KEY (application, step, start))
      """
    ],
  ]

  private static let tables = [
    """
    CREATE TABLE applications (
      name TEXT PRIMARY KEY, revision INTEGER NOT NULL, manifest TEXT NOT NULL, path TEXT, folder TEXT NOT NULL,
      created_at TEXT NOT NULL, port INTEGER NOT NULL, deleting INTEGER NOT NULL)
    """,
    """
    CREATE TABLE revisions (
      application TEXT NOT NULL, number INTEGER NOT NULL, manifest TEXT NOT NULL, applied_at TEXT NOT NULL,
      PRIMARY KEY (application, number))
    """,
    """
    CREATE TABLE epochs (
      application TEXT NOT NULL, group_index INTEGER NOT NULL, epoch INTEGER NOT NULL,
      PRIMARY KEY (application, group_index))
    """,
    """
    CREATE TABLE processes (
      token TEXT PRIMARY KEY, boot_id TEXT, pid INTEGER, start_ticks TEXT)
    """,
    """
    CREATE TABLE events (
      sequence INTEGER PRIMARY KEY, time TEXT NOT NULL, application TEXT NOT NULL, severity TEXT NOT NULL,
      reason TEXT NOT NULL, replica TEXT, message TEXT NOT NULL)
    """,
  ]

  /// Everything that a former controller left.
  func load() throws(StoreError) -> StoredState {
    for table in ["events", "audit"] {
      try database.run(
        "DELETE FROM \(table) WHERE sequence <= (SELECT max(sequence) FROM \(table)) - ?",
        [.integer(Int64(Self.keptEvents))])
    }
    var state = StoredState()
    state.applications = try database.run(
      "SELECT name, revision, manifest, path, folder, created_at, port, deleting, scale, cordons FROM applications "
        + "ORDER BY name"
    ).map(Self.application)
    state.processes = try database.run("SELECT token, boot_id, pid, start_ticks FROM processes")
      .compactMap(Self.process)
    state.events = try database.run(
      "SELECT sequence, time, application, severity, reason, replica, message, last_lines FROM events "
        + "ORDER BY sequence"
    ).map(Self.event)
    for row in try database.run("SELECT application, group_index, epoch FROM epochs") {
      state.epochs[row[0].text ?? "", default: [:]][row[1].integer] = row[2].integer
    }
    for row in try database.run("SELECT application, checkpoint FROM checkpoints") {
      let text = Array((row[1].text ?? "").utf8)
      state.checkpoints[row[0].text ?? ""] = decoded(Checkpoint.self, from: text)
      state.rollouts[row[0].text ?? ""] = decoded(RayRollout.self, from: text)
    }
    return state
  }

  /// The revisions of `application`, oldest first.
  func revisions(of application: String) throws(StoreError) -> [StoredRevision] {
    try database.run(
      "SELECT number, manifest, applied_at, scale FROM revisions WHERE application = ? ORDER BY number",
      [.text(application)]
    ).map {
      StoredRevision(
        number: $0[0].integer, manifest: $0[1].text ?? "", appliedAt: $0[2].text ?? "", scale: Scale($0[3]))
    }
  }

  /// Who asked for what, newest first, of one application or of all.
  func audit(of application: String?, most: Int) throws(StoreError) -> [AuditEntry] {
    try database.run(
      "SELECT time, uid, pid, action, application, revision, outcome FROM audit "
        + "WHERE ?1 IS NULL OR application = ?1 ORDER BY sequence DESC LIMIT ?2",
      [.init(application), .integer(Int64(most))]
    ).map { row in
      func number(_ place: Int) -> Int? { row[place] == .null ? nil : row[place].integer }
      return AuditEntry(
        time: row[0].text ?? "", uid: Known(number(1).map { UInt32(truncatingIfNeeded: $0) }),
        pid: Known(number(2).map { Int32(truncatingIfNeeded: $0) }), action: row[3].text ?? "",
        application: row[4].text ?? "", revision: number(5), outcome: row[6].text ?? "")
    }
  }

  /// How long the ranks of `application` took to start, oldest first.
  func starts(of application: String) throws(StoreError) -> [RankStart] {
    try database.run(
      "SELECT start FROM starts WHERE application = ? ORDER BY epoch", [.text(application)]
    ).compactMap { decoded(RankStart.self, from: Array(($0[0].text ?? "").utf8)) }
  }

  /// Makes `changes` durable, all or none.
  func commit(_ changes: [StoreChange]) throws(StoreError) {
    guard !changes.isEmpty else { return }
    Failpoint.storeBegins.pass()
    try database.transaction(isDurable: changes.contains(where: \.outlivesMachine)) { () throws(StoreError) in
      for change in changes { try apply(change) }
    }
    Failpoint.storeCommitted.pass()
  }

  private func apply(_ change: StoreChange) throws(StoreError) {
    switch change {
    case .application(let application): try save(application)
    case .forget(let name):
      for table in ["revisions", "epochs", "checkpoints", "starts", "history"] {
        try database.run("DELETE FROM \(table) WHERE application = ?", [.text(name)])
      }
      try database.run("DELETE FROM applications WHERE name = ?", [.text(name)])
    case .checkpoint(let application, let checkpoint):
      try database.run(
        "INSERT OR REPLACE INTO checkpoints VALUES (?, ?)",
        [.text(application), .text(String(decoding: encoded(checkpoint), as: UTF8.self))])
    case .rollout(let application, let rollout):
      try database.run(
        "INSERT OR REPLACE INTO checkpoints VALUES (?, ?)",
        [.text(application), .text(String(decoding: encoded(rollout), as: UTF8.self))])
    case .epoch(let application, let group, let epoch):
      try database.run(
        "INSERT OR REPLACE INTO epochs VALUES (?, ?, ?)",
        [.text(application), .integer(Int64(group)), .integer(Int64(epoch))])
    case .intent(let token):
      try database.run("INSERT OR REPLACE INTO processes (token) VALUES (?)", [.text("\(token)")])
    case .started(let token, let identity):
      try database.run(
        "INSERT OR REPLACE INTO processes VALUES (?, ?, ?, ?)",
        [
          .text("\(token)"), .text(identity.bootID), .integer(Int64(identity.pid)),
          .text(String(identity.startTicks)),
        ])
    case .ended(let token): try database.run("DELETE FROM processes WHERE token = ?", [.text("\(token)")])
    case .forgetProcesses(let home):
      try database.run(
        "DELETE FROM processes WHERE substr(token, 1, ?) = ?", [.integer(Int64(home.count)), .text(home)])
    case .event(let event): try save(event)
    case .start(let application, let start): try save(start, of: application)
    case .history(let application, let block): try save(block, of: application)
    case .audit(let entry):
      try database.run(
        "INSERT INTO audit (time, uid, pid, action, application, revision, outcome) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
          .text(entry.time), .init(entry.uid.value.map(Int.init)), .init(entry.pid.value.map(Int.init)),
          .text(entry.action), .text(entry.application), .init(entry.revision), .text(entry.outcome),
        ])
    }
  }

  private func save(_ application: StoredApplication) throws(StoreError) {
    try database.run(
      "INSERT OR REPLACE INTO applications VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [
        .text(application.name), .integer(Int64(application.revision)), .text(application.manifest),
        .init(application.path), .text(application.folder), .text(application.createdAt),
        .integer(Int64(application.port)), .integer(application.isDeleting ? 1 : 0), .init(application.scale),
        .text(application.cordons.map(\.description).sorted().joined(separator: " ")),
      ])
    try database.run(
      "INSERT OR IGNORE INTO revisions VALUES (?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ?)",
      [
        .text(application.name), .integer(Int64(application.revision)), .text(application.manifest),
        .init(application.scale),
      ])
  }

  private func save(_ start: RankStart, of application: String) throws(StoreError) {
    let place: [Database.Value] = [
      .text(application), .integer(Int64(start.group)), .integer(Int64(start.rank)),
      .integer(Int64(start.epoch)),
    ]
    try database.run(
      "INSERT OR REPLACE INTO starts VALUES (?, ?, ?, ?, ?)",
      place + [.text(String(decoding: encoded(start), as: UTF8.self))])
    try database.run(
      "DELETE FROM starts WHERE application = ?1 AND group_index = ?2 AND rank = ?3 AND epoch NOT IN (SELECT epoch "
        + "FROM starts WHERE application = ?1 AND group_index = ?2 AND rank = ?3 ORDER BY epoch DESC LIMIT ?4)",
      place.dropLast() + [.integer(Int64(Self.keptStarts))])
  }

  private func save(_ event: Event) throws(StoreError) {
    try database.run(
      "INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      [
        .integer(Int64(event.sequence)), .text(event.time), .text(event.application),
        .text(event.severity.rawValue), .text(event.reason), .init(event.replica), .text(event.message),
        .init(event.lastLines?.joined(separator: "\n")),
      ])
  }

  private static func application(_ row: [Database.Value]) -> StoredApplication {
    StoredApplication(
      name: row[0].text ?? "", revision: row[1].integer, manifest: row[2].text ?? "", path: row[3].text,
      folder: row[4].text ?? "/", createdAt: row[5].text ?? "", port: row[6].integer,
      isDeleting: row[7].integer != 0, scale: Scale(row[8]),
      cordons: Set((row[9].text ?? "").split(separator: " ").compactMap { ReplicaName(String($0)) }))
  }

  private static func process(_ row: [Database.Value]) -> StoredProcess? {
    guard let token = row[0].text.flatMap(ProcessToken.init) else { return nil }
    var identity: ProcessIdentity?
    if let boot = row[1].text, let ticks = row[3].text.flatMap(UInt64.init) {
      identity = ProcessIdentity(
        bootID: boot, pid: Int32(truncatingIfNeeded: row[2].integer), startTicks: ticks)
    }
    return StoredProcess(token: token, identity: identity)
  }

  private static func event(_ row: [Database.Value]) -> Event {
    Event(
      sequence: row[0].integer, time: row[1].text ?? "", application: row[2].text ?? "",
      severity: row[3].text.flatMap(Severity.init) ?? .info, reason: row[4].text ?? "", replica: row[5].text,
      message: row[6].text ?? "",
      lastLines: row[7].text?.split(separator: "\n").map(String.init))
  }
}

extension Scale {
  /// Reads what ``Database/Value/init(_:)-(Scale)`` wrote.
  fileprivate init(_ value: Database.Value) {
    self = value.text.flatMap { decoded(Scale.self, from: Array($0.utf8)) } ?? Scale()
  }
}

extension Database.Value {
  fileprivate init(_ scale: Scale) {
    self = scale.isEmpty ? .null : .text(String(decoding: encoded(scale), as: UTF8.self))
  }
}
