import Glibc
public import Platform

/// A process that we, or a controller before us, started: it leads a session of its own, writes to a log file and
/// carries a token.
@Loop
public final class SupervisedProcess {
  /// Which process it is.
  public let identity: ProcessIdentity
  /// What it carries in its environment.
  public let token: ProcessToken
  /// Its log file.
  public let logPath: String

  private let process: any WatchedProcess
  /// What holds it and its descendants; nil where groups cannot be made.
  private let group: ControlGroup?
  /// Whose limit its memory counts against; nil where nobody knows.
  private let memory: MemoryGroup?
  /// Where its log began: the file is appended to over many lives.
  public let logStart: Int

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
    let child: ChildProcess
    do { (child, group) = try Self.start(command, token) } catch { throw .spawn(error) }
    process = child
    memory = MemoryGroup.made(group) ?? MemoryGroup.own
    // A child that has ended already is a zombie until it is reaped on this very thread, so its record is there.
    identity = ProcessIdentity(pid: child.pid) ?? ProcessIdentity(bootID: "", pid: child.pid, startTicks: 0)
  }

  /// Takes over the process `identity` that a former controller started with `token`.
  ///
  /// - Returns: nil when it has ended, when its id is another's now, or when it carries another token.
  public init?(adopting identity: ProcessIdentity, token: ProcessToken, logPath: String) {
    // Held first and looked at then: what is found stays true.
    guard let held = try? AdoptedProcess(pid: identity.pid), identity.isAlive else { return nil }
    // One that wrote over its environment is known by its identity alone.
    if let carried = TokenScan.token(of: identity.pid), carried != token { return nil }
    process = held
    group = ControlGroup.of(identity.pid)
    memory = MemoryGroup.of(identity.pid)
    self.identity = identity
    self.token = token
    self.logPath = logPath
    // Where its own lines begin was known to the former controller only.
    logStart = 0
  }

  /// A copy of the descriptor that an adopted process has as `number`; nil when there is none to be had.
  public func inherited(_ number: Int32) -> FileDescriptor? {
    (process as? AdoptedProcess)?.descriptor(number)
  }

  /// How it ended; nil while it runs.
  public var exitStatus: ExitStatus? { process.exitStatus }

  /// Waits for the end; nil when `deadline` comes first.
  public func exit(until deadline: Instant = .never) async -> ExitStatus? {
    await process.exit(until: deadline)
  }

  /// Its end, if the kernel brought that about for want of memory; a kill of the group is told of once.
  public func takeMemoryKill() -> MemoryKill? {
    guard exitStatus == .signalled(SIGKILL), let memory, memory.takeKill() else { return nil }
    return MemoryKill(limit: memory.limit)
  }

  /// The last line that it wrote; nil when it wrote none.
  public var lastLine: String? {
    LogTail.lines(of: logPath, count: 1, from: logStart).last
  }

  /// The last lines that it wrote, `count` at most, oldest first.
  public func lastLines(_ count: Int) -> [String] {
    LogTail.lines(of: logPath, count: count, from: logStart)
  }

  /// Sends `signal` to it alone.
  public func send(_ signal: Int32) { process.send(signal) }

  /// Sends `signal` to it and to those of its descendants that stayed in its process group.
  func sendToGroup(_ signal: Int32) { process.sendToGroup(signal) }

  /// Kills it and all of its descendants that its group holds.
  func killGroup() { group?.kill() }

  /// Lets go of its group once nobody lives in it; false when that was not before `deadline`.
  func removeGroup(until deadline: Instant) async -> Bool {
    await group?.remove(until: deadline) ?? true
  }

  /// Starts `command` in a control group of its own, or without one where that cannot be.
  private static func start(
    _ command: Command, _ token: ProcessToken
  ) throws(SystemError) -> (ChildProcess, ControlGroup?) {
    guard let group = ControlGroup.make(for: token) else { return (try ChildProcess(command), nil) }
    do { return (try group.start(command), group) } catch {
      group.removeUnused()
      guard error.call == Command.birthInGroup else { throw error }
      return (try ChildProcess(command), nil)
    }
  }

  private static func openLog(_ path: String) throws(SupervisionError) -> FileDescriptor {
    let raw = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard raw >= 0 else { throw .log(SystemError(call: "open", code: errno, subject: path)) }
    return FileDescriptor(owning: raw)
  }
}
