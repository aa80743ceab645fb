import FoundationEssentials
import Glibc
import Platform
import Testing

/// A program's run from start to end: what it said and how it ended.
struct Run: CustomStringConvertible {
  let command: String
  let status: Platform.ExitStatus
  /// What it printed to standard output.
  let output: String
  /// What it printed to standard error.
  let errors: String

  /// The whole run, for the message of a test that fails.
  var description: String { "\(command) → \(status)\n\(output)\(errors)" }

  func ended(with code: Int32) -> Bool { status == .exited(code) }
}

/// Runs programs to their end, which must come within a time.
///
/// Their output goes to files: a pipe could fill, or be held open by what they leave running.
@Loop
struct Runner {
  /// Where the files are put.
  let folder: String
  /// The whole environment of the programs.
  let environment: [String]

  func run(_ program: String, _ words: [String], within limit: Duration) async throws -> Run {
    let name = "\(folder)/\(UInt32.random(in: 0 ... .max))"
    let output = try Self.newFile(name + ".out")
    let errors = try Self.newFile(name + ".err")
    let null = FileDescriptor(owning: open("/dev/null", O_RDONLY | O_CLOEXEC))
    let child = try ChildProcess(
      Command(
        program, words, environment: environment,
        descriptors: [(null.raw, 0), (output.raw, 1), (errors.raw, 2)]))
    let status = await child.exit(until: .after(limit))
    if status == nil {
      child.sendToGroup(SIGKILL)
      _ = await child.exit(until: .after(.seconds(5)))
    }
    let run = Run(
      command: ([program] + words).joined(separator: " "), status: status ?? .unknown,
      output: try text(ofFile: name + ".out"), errors: try text(ofFile: name + ".err"))
    unlink(name + ".out")
    unlink(name + ".err")
    try #require(status != nil, "not done within \(limit): \(run)")
    return run
  }

  private static func newFile(_ path: String) throws -> FileDescriptor {
    let raw = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    try #require(raw >= 0, "\(path): \(String(cString: strerror(errno)))")
    return FileDescriptor(owning: raw)
  }
}

/// The text of a file.
func text(ofFile path: String) throws -> String {
  String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
}

/// Looks again and again until `condition` gives a value.
///
/// What is waited for happens in other processes, which cannot tell us; the test fails when it takes longer than `limit`.
@Loop
func wait<Value>(
  for what: String, within limit: Duration = .seconds(30), every pause: Duration = .milliseconds(50),
  detail: @Loop () -> String = { "" }, _ condition: @Loop () async throws -> Value?
) async throws -> Value {
  let deadline = Instant.after(limit)
  while true {
    if let value = try await condition() { return value }
    try #require(Instant.now < deadline, "waited \(limit) for \(what) in vain\n\(detail())")
    await Loop.sleep(for: pause)
  }
}
