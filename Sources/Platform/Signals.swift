import CLinux
import Glibc

/// Signals as events of the loop, read from a signalfd.
@Loop
public final class Signals {
  private let descriptor: AsyncDescriptor

  /// Blocks `signals` for the calling thread and those it starts later; to be called before any other thread exists.
  public nonisolated static func block(_ signals: [Int32]) {
    var set = sigset(signals)
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Reads `signals`, which ``block(_:)`` blocked.
  public init(_ signals: [Int32]) throws(SystemError) {
    var set = Self.sigset(signals)
    let fd = try checking("signalfd") { signalfd(-1, &set, Int32(SFD_NONBLOCK | SFD_CLOEXEC)) }
    descriptor = try AsyncDescriptor(FileDescriptor(owning: fd))
  }

  /// The next signal's number; nil after ``close()`` or when `deadline` comes first.
  public func next(until deadline: Instant = .never) async -> Int32? {
    while true {
      var info = signalfd_siginfo()
      let size = MemoryLayout<signalfd_siginfo>.size
      if read(descriptor.raw, &info, size) == size { return Int32(bitPattern: info.ssi_signo) }
      guard await descriptor.readable(until: deadline) == .ready else { return nil }
    }
  }

  /// Stops reading.
  public func close() { descriptor.close() }

  private nonisolated static func sigset(_ signals: [Int32]) -> sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    return set
  }
}
