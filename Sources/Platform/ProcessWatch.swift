import CLinux
import Glibc

/// Tells whether a process, related to this one or not, still runs; a reused pid cannot deceive it.
public final class ProcessWatch: Sendable {
  /// The watched process.
  public let pid: Int32
  private let descriptor: FileDescriptor

  /// Watches `pid` from now on; throws `ESRCH` when there is no such process.
  public init(pid: Int32) throws(SystemError) {
    self.pid = pid
    descriptor = FileDescriptor(
      owning: try checkingNegated("pidfd_open", String(pid)) { clinux_pidfd_open(pid) })
  }

  /// Kills it; nothing happens when it has ended.
  public func kill() { _ = clinux_pidfd_send_signal(descriptor.raw, SIGKILL) }

  /// Whether it has ended, reaped or not; asks the kernel and does not wait.
  public var hasEnded: Bool {
    var query = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
    return poll(&query, 1, 0) == 1 && query.revents & Int16(POLLIN) != 0
  }
}
