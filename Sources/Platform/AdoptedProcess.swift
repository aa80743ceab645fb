import CLinux
import Glibc

/// A process that another one started and this one took over, watched by pidfd.
///
/// Its end is seen at once. How it ended is known while it is a zombie, and on Linux 6.15 and later afterwards too.
@Loop
public final class AdoptedProcess: WatchedProcess {
  /// The process id.
  public let pid: Int32
  /// How it ended; nil while it runs, ``ExitStatus/unknown`` when nobody can say.
  public private(set) var exitStatus: ExitStatus?

  private let pidfd: AsyncDescriptor
  private let ended = Signal()
  /// Between the end and the reaping by another process there may be a moment in which nobody knows the status.
  private static let longestReaping = Duration.milliseconds(20)

  /// Holds the process that has `pid` now; who it is can be checked after that, and stays true.
  ///
  /// - Throws: `ESRCH` when there is none.
  public init(pid: Int32) throws(SystemError) {
    self.pid = pid
    let fd = FileDescriptor(owning: try checkingNegated("pidfd_open") { clinux_pidfd_open(pid) })
    pidfd = try AsyncDescriptor(fd)
    Loop.task { await self.watch() }
  }

  /// Waits for the end; nil when `deadline` comes first.
  public func exit(until deadline: Instant = .never) async -> ExitStatus? {
    _ = await ended.wait(until: deadline)
    return exitStatus
  }

  /// Sends `signal` to it alone; nothing happens when it has ended.
  public func send(_ signal: Int32) {
    if exitStatus == nil { _ = clinux_pidfd_send_signal(pidfd.raw, signal) }
  }

  /// Sends `signal` to the process group that it leads; to it alone where the kernel cannot do so without a race.
  public func sendToGroup(_ signal: Int32) {
    guard exitStatus == nil else { return }
    if clinux_pidfd_send_group_signal(pidfd.raw, signal) == -EINVAL { send(signal) }
  }

  /// A copy of its descriptor `number`; nil when there is none, or the kernel does not let us look into the process.
  public func descriptor(_ number: Int32) -> FileDescriptor? {
    guard exitStatus == nil else { return nil }
    let copy = clinux_pidfd_getfd(pidfd.raw, number)
    if copy >= 0 { return FileDescriptor(owning: copy) }
    // Looking is less of a privilege than taking; memory can be opened once more, a socket cannot.
    let again = open("/proc/\(pid)/fd/\(number)", O_RDWR | O_CLOEXEC)
    guard again >= 0 else { return nil }
    guard clinux_pidfd_send_signal(pidfd.raw, 0) == 0 else {
      close(again)
      return nil
    }
    return FileDescriptor(owning: again)
  }

  private func watch() async {
    _ = await pidfd.readable(until: .never)
    let deadline = Instant.after(Self.longestReaping)
    var status = knownStatus
    while status == nil, Instant.now < deadline {
      await Loop.sleep(for: .milliseconds(1))
      status = knownStatus
    }
    exitStatus = status ?? .unknown
    pidfd.close()
    ended.fire()
  }

  private var knownStatus: ExitStatus? {
    var status: Int32 = 0
    if clinux_pidfd_exit_status(pidfd.raw, &status) == 1 { return ExitStatus(waitStatus: status) }
    // The id cannot pass to another while this one is a zombie; a zombie that is still there afterwards is this one.
    guard let waitStatus = ProcessRecord(pid: pid)?.waitStatus, clinux_pidfd_send_signal(pidfd.raw, 0) == 0
    else { return nil }
    return ExitStatus(waitStatus: waitStatus)
  }
}

extension ExitStatus {
  /// Reads what `wait` tells: the signal in the low seven bits, the code above the eighth.
  init(waitStatus: Int32) {
    let signal = waitStatus & 0x7F
    self = signal == 0 ? .exited((waitStatus >> 8) & 0xFF) : .signalled(signal)
  }
}
