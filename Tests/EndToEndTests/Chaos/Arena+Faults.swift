import CSQLite
import ControlAPI
import ControlClient
import Glibc
import Platform
import Testing

// What faults need.
extension Arena {
  /// A controller, an application as wished for, and clients.
  func begin(devices: Int? = nil) async throws {
    self.devices = devices
    try await startController()
    try await #require(apply())
    try await untilAsWished()
    try await beginLoad()
  }

  /// Waits until the processes are so.
  func until(_ what: String, _ condition: (ProcessScan) -> Bool) async throws {
    try await wait(
      for: what, every: .milliseconds(5),
      detail: { "\(scan().leaders.map { "\($0.place) e\($0.epoch) \($0.settings)" }.sorted())" }
    ) { condition(scan()) ? () : nil }
  }

  /// Ends all that is armed, and has a controller run.
  func settle() async {
    disarm()
    // One that has just come to its instant still looks alive, and answers nobody any more.
    if hasController, (try? await client.version()) == nil {
      try? await untilControllerEnds(within: .seconds(5))
    }
    if !hasController { try? await startController() }
  }

  /// Has the controller stand still for as long as `body` takes.
  func withFrozenController(_ body: @Loop () async throws -> Void) async throws {
    let pid = try #require(controllerPid)
    kill(pid, SIGSTOP)
    defer { kill(pid, SIGCONT) }
    try await body()
  }

  /// Lets the controller open nothing more for as long as `body` takes.
  func withFewDescriptors(_ body: @Loop () async throws -> Void) async throws {
    let pid = try #require(controllerPid)
    // It has more numbers open than this, so it gets no other.
    try await limitDescriptors(of: pid, to: "3:")
    do { try await body() } catch {
      try await limitDescriptors(of: pid, to: "4096:")
      throw error
    }
    try await limitDescriptors(of: pid, to: "4096:")
  }

  private func limitDescriptors(of pid: Int32, to limit: String) async throws {
    let run = try await run("/usr/bin/prlimit", ["--pid", "\(pid)", "--nofile=\(limit)"])
    try #require(run.ended(with: 0), "\(run)")
  }

  /// Has the database say that a version with this schema wrote it; nil is the true one again.
  func setSchema(_ version: Int?) async throws {
    var handle: OpaquePointer?
    try #require(sqlite3_open_v2(home.stateDatabase, &handle, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK)
    defer { sqlite3_close(handle) }
    if formerSchema == nil { formerSchema = try Self.schema(handle) }
    let wanted = version ?? formerSchema ?? 0
    try #require(sqlite3_exec(handle, "PRAGMA user_version=\(wanted)", nil, nil, nil) == SQLITE_OK)
  }

  private static func schema(_ handle: OpaquePointer?) throws -> Int {
    var statement: OpaquePointer?
    sqlite3_prepare_v2(handle, "PRAGMA user_version", -1, &statement, nil)
    defer { sqlite3_finalize(statement) }
    try #require(sqlite3_step(statement) == SQLITE_ROW)
    return Int(sqlite3_column_int64(statement, 0))
  }
}
