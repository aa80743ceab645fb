import CLinux
import Glibc

/// What to run, and with what around it.
public struct Command: Sendable {
  /// The program's path.
  public var executable: String
  /// The arguments after the program's name.
  public var arguments: [String]
  /// The whole environment, as `NAME=value`.
  public var environment: [String]
  /// Descriptors of ours and the numbers that the child sees them under.
  public var descriptors: [(ours: Int32, theirs: Int32)]
  /// Whether the child leads a session of its own, and so outlives our terminal.
  public var newSession: Bool
  /// The folder of the control group (version 2) that it is born in, open; nil for ours.
  public var controlGroup: Int32?

  /// Describes a child; without `environment` it gets ours.
  public init(
    _ executable: String, _ arguments: [String] = [], environment: [String]? = nil,
    descriptors: [(ours: Int32, theirs: Int32)] = [], newSession: Bool = true
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment ?? Environment.all
    self.descriptors = descriptors
    self.newSession = newSession
  }

  /// The call that fails where a kernel, or a sandbox around us, does not let a child be born in a control group.
  public static let birthInGroup = "clone3"
}

/// How a process ended.
public enum ExitStatus: Hashable, Sendable, CustomStringConvertible {
  /// It returned this code.
  case exited(Int32)
  /// This signal killed it.
  case signalled(Int32)
  /// It ended, and nobody can say how (it was not our child).
  case unknown

  /// Words for people: `exit 78`, `signal 9 (SIGKILL)`.
  public var description: String {
    switch self {
    case .exited(let code): "exit \(code)"
    case .signalled(let signal): "signal \(signal)\(Self.names[signal].map { " (\($0))" } ?? "")"
    case .unknown: "ended, status unknown"
    }
  }

  private static let names: [Int32: String] = [
    SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
    SIGABRT: "SIGABRT",
    SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGSEGV: "SIGSEGV", SIGPIPE: "SIGPIPE",
    SIGTERM: "SIGTERM",
  ]
}

/// A process that somebody watches: a child of this one, or one that it adopted.
@Loop
public protocol WatchedProcess: AnyObject {
  /// The process id.
  var pid: Int32 { get }
  /// How it ended; nil while it runs.
  var exitStatus: ExitStatus? { get }
  /// Waits for the end; nil when `deadline` comes first.
  func exit(until deadline: Instant) async -> ExitStatus?
  /// Sends `signal` to it alone; nothing happens when it has ended.
  func send(_ signal: Int32)
  /// Sends `signal` to the process group that it leads.
  func sendToGroup(_ signal: Int32)
}

/// A child of this process, watched by pidfd.
@Loop
public final class ChildProcess: WatchedProcess {
  /// The child's process id.
  public let pid: Int32
  /// How it ended; nil while it runs.
  public private(set) var exitStatus: ExitStatus?

  private let pidfd: AsyncDescriptor
  private let ended = Signal()

  /// Starts `command`.
  ///
  /// - Throws: what `execve` says, such as `ENOENT`, about the executable.
  public init(_ command: Command) throws(SystemError) {
    pid = try spawn(command)
    let pid = pid
    let fd = FileDescriptor(owning: try checkingNegated("pidfd_open") { clinux_pidfd_open(pid) })
    pidfd = try AsyncDescriptor(fd)
    Loop.task { await self.reap() }
  }

  /// Waits for the end; nil when `deadline` comes first.
  public func exit(until deadline: Instant = .never) async -> ExitStatus? {
    _ = await ended.wait(until: deadline)
    return exitStatus
  }

  /// Sends `signal` to the child alone; nothing happens when it has ended.
  public func send(_ signal: Int32) {
    if exitStatus == nil { _ = clinux_pidfd_send_signal(pidfd.raw, signal) }
  }

  /// Sends `signal` to the child's process group, which it leads when it was started with a new session.
  public func sendToGroup(_ signal: Int32) {
    if exitStatus == nil { kill(-pid, signal) }
  }

  private func reap() async {
    var code: Int32 = 0
    var signal: Int32 = 0
    while true {
      let result = clinux_reap(pid, &code, &signal)
      if result == 1 {
        exitStatus = signal == 0 ? .exited(code) : .signalled(signal)
        break
      }
      if result < 0 {
        exitStatus = .unknown
        break
      }
      _ = await pidfd.readable(until: .never)
    }
    pidfd.close()
    ended.fire()
  }
}

/// This process's environment.
public enum Environment {
  /// All variables, as `NAME=value`.
  public static var all: [String] {
    var result: [String] = []
    var next = clinux_environ()
    while let entry = next?.pointee {
      result.append(String(cString: entry))
      next = next?.successor()
    }
    return result
  }

  /// The value of `name`; nil when it is not set.
  public static subscript(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

}

private func spawn(_ command: Command) throws(SystemError) -> pid_t {
  // Above every number the child wants, so that no source is overwritten before its turn.
  let floor = (command.descriptors.map(\.theirs).max() ?? 2) + 1
  var sources: [Int32] = []
  defer { for source in sources { close(source) } }
  for (ours, _) in command.descriptors {
    sources.append(try checking("fcntl") { fcntl(ours, F_DUPFD_CLOEXEC, floor) })
  }
  let targets = command.descriptors.map(\.theirs)
  var execError: Int32 = 0
  let pid = command.executable.withCString { path in
    withCStrings([command.executable] + command.arguments) { arguments in
      withCStrings(command.environment) { environment in
        sources.withUnsafeBufferPointer { ours in
          targets.withUnsafeBufferPointer { theirs in
            var child = clinux_child(
              path: path, arguments: arguments, environment: environment, ours: ours.baseAddress,
              theirs: theirs.baseAddress, descriptors: Int32(ours.count), new_session: command.newSession,
              cgroup: command.controlGroup ?? -1)
            return clinux_spawn(&child, &execError)
          }
        }
      }
    }
  }
  let birth = command.controlGroup == nil ? "fork" : Command.birthInGroup
  _ = try checkingNegated(birth) { pid }
  guard execError == 0 else {
    throw SystemError(call: "execve", code: execError, subject: command.executable)
  }
  return pid
}

private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  let copies = strings.map { strdup($0) } + [nil]
  defer { for copy in copies { free(copy) } }
  return copies.withUnsafeBufferPointer { buffer in
    guard let base = buffer.baseAddress else { preconditionFailure("the list holds at least its end mark") }
    return body(base)
  }
}
