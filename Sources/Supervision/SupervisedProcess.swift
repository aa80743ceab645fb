import Glibc
public import Platform

/// A process that we started: it leads a session of its own, writes to a log file and carries a token.
@Loop
public final class SupervisedProcess {
  /// Which process it is.
  public let identity: ProcessIdentity
  /// What it carries in its environment.
  public let token: ProcessToken
  /// Its log file.
  public let logPath: String

  private let child: ChildProcess
  /// Where its log began: the file is appended to over many lives.
  private let logStart: Int

  /// Starts a process.
  public init(_ spec: LaunchSpec) throws(SupervisionError) {
    let log = try Self.openLog(spec.logPath)
    let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
    defer { close(null) }
    logStart = Int(lseek(log.raw, 0, SEEK_END))
    logPath = spec.logPath
    token = spec.token
    let command = Command(
      spec.executable, spec.arguments, environment: spec.fullEnvironment(inherited: Environment.all),
      descriptors: [(null, 0), (log.raw, 1), (log.raw, 2)] + spec.descriptors)
    do { child = try ChildProcess(command) } catch { throw .spawn(error) }
    // A child that has ended already is a zombie until it is reaped on this very thread, so its record is there.
    identity = ProcessIdentity(pid: child.pid) ?? ProcessIdentity(bootID: "", pid: child.pid, startTicks: 0)
  }

  /// How it ended; nil while it runs.
  public var exitStatus: ExitStatus? { child.exitStatus }

  /// Waits for the end; nil when `deadline` comes first.
  public func exit(until deadline: Instant = .never) async -> ExitStatus? {
    await child.exit(until: deadline)
  }

  /// The last line that it wrote; nil when it wrote none.
  public var lastLine: String? {
    LogTail.lines(of: logPath, count: 1, from: logStart).last
  }

  /// Sends `signal` to it alone.
  public func send(_ signal: Int32) { child.send(signal) }

  /// Sends `signal` to it and to those of its descendants that stayed in its process group.
  func sendToGroup(_ signal: Int32) { child.sendToGroup(signal) }

  private static func openLog(_ path: String) throws(SupervisionError) -> FileDescriptor {
    let raw = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard raw >= 0 else { throw .log(SystemError(call: "open", code: errno, subject: path)) }
    return FileDescriptor(owning: raw)
  }
}
