public import ControlAPI
import Glibc
public import Platform

/// Starts a controller where none runs.
@Loop
public struct DaemonLauncher {
  private let home: HomeDirectory
  private let arguments: [String]
  private static let startTimeout = Duration.seconds(10)

  /// Starts controllers of `home`, with further arguments of `dpdeployd`.
  public nonisolated init(home: HomeDirectory, arguments: [String] = []) {
    (self.home, self.arguments) = (home, arguments)
  }

  /// A client of a controller that answers, which was started if there was none.
  ///
  /// - Returns: the client, and whether the controller is new.
  /// - Throws: exit code 5 when it does not come up; 9 when one of another version runs.
  public func connect() async throws(ControlError) -> (client: ControlClient, started: Bool) {
    let client = ControlClient(home: home)
    if let version = try? await client.version() {
      try checkVersion(version)
      return (client, false)
    }
    try await start(client)
    return (client, true)
  }

  private func checkVersion(_ found: VersionInfo) throws(ControlError) {
    guard found.version != Version.current else { return }
    throw ControlError(
      code: "version-mismatch",
      message: """
        the controller in \(home.path) is version \(found.version), this is \(Version.current); \
        `dpdeploy daemon stop`, then run this again
        """,
      exitCode: 9)
  }

  private func start(_ client: ControlClient) async throws(ControlError) {
    let child: ChildProcess
    do {
      try makeHome()
      child = try spawn()
    } catch {
      throw ControlError(
        code: "controller-not-started", message: "the controller cannot be started: \(error)", exitCode: 5)
    }
    let deadline = Instant.after(Self.startTimeout)
    while Instant.now < deadline {
      if (try? await client.version()) != nil { return }
      if let status = await child.exit(until: .after(.milliseconds(5))) {
        throw notStarted("it ended with \(status)")
      }
    }
    throw notStarted("it did not answer within \(Self.startTimeout)")
  }

  private func notStarted(_ reason: String) -> ControlError {
    let words = lastWords.map { ": \($0)" } ?? ""
    return ControlError(
      code: "controller-not-started",
      message: "the controller could not be started: \(reason)\(words); its log is \(home.controllerLog)",
      exitCode: 5)
  }

  /// The last line of the controller's log; nil when there is none.
  private var lastWords: String? {
    let fd = open(home.controllerLog, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return nil }
    defer { close(fd) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let start = max(0, lseek(fd, 0, SEEK_END) - bytes.count)
    let count = bytes.withUnsafeMutableBytes { pread(fd, $0.baseAddress, $0.count, start) }
    guard count > 0 else { return nil }
    return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").last.map(String.init)
  }

  private func makeHome() throws(SystemError) {
    try makeDirectories(home.path, mode: 0o700)
    try makeDirectories(home.path + "/logs", mode: 0o700)
  }

  private func spawn() throws(SystemError) -> ChildProcess {
    let program = (Executable.directory ?? ".") + "/dpdeployd"
    let path = home.controllerLog
    let log = FileDescriptor(
      owning: try checking("open", path) { open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600) })
    let null = FileDescriptor(
      owning: try checking("open", "/dev/null") { open("/dev/null", O_RDONLY | O_CLOEXEC) })
    return try ChildProcess(
      Command(
        program, ["--home", home.path] + arguments, descriptors: [(null.raw, 0), (log.raw, 1), (log.raw, 2)]))
  }
}

/// Makes `path` and the folders above it; those that exist stay as they are.
private func makeDirectories(_ path: String, mode: mode_t) throws(SystemError) {
  if mkdir(path, mode) == 0 || errno == EEXIST { return }
  guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
    throw SystemError(call: "mkdir", code: errno, subject: path)
  }
  try makeDirectories(String(path[..<slash]), mode: mode)
  try checking("mkdir", path) { mkdir(path, mode) }
}
