import CLinux

/// A process that need not be our child, held by pidfd: once held, a signal never reaches another that got its id.
@Loop
public final class ForeignProcess {
  /// The process id.
  public let pid: Int32
  private let pidfd: AsyncDescriptor

  /// Holds the process that has `pid` now; who it is can be checked after that, and stays true.
  ///
  /// - Throws: `ESRCH` when there is none.
  public init(pid: Int32) throws(SystemError) {
    self.pid = pid
    let fd = FileDescriptor(owning: try checkingNegated("pidfd_open") { clinux_pidfd_open(pid) })
    pidfd = try AsyncDescriptor(fd)
  }

  /// Sends `signal`; nothing happens when the process has ended.
  public func send(_ signal: Int32) { _ = clinux_pidfd_send_signal(pidfd.raw, signal) }

  /// Waits for the end; false when `deadline` comes first.
  public func hasEnded(by deadline: Instant) async -> Bool {
    await pidfd.readable(until: deadline) == .ready
  }
}
