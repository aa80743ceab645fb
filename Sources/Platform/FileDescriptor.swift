import Glibc

/// An owned file descriptor, closed when its owner lets go.
public struct FileDescriptor: ~Copyable, Sendable {
  /// The number the kernel gave.
  public let raw: Int32

  /// Takes ownership of `raw`.
  public init(owning raw: Int32) { self.raw = raw }

  deinit { close(raw) }

  /// Gives the number up to a new owner.
  public consuming func release() -> Int32 {
    let raw = raw
    discard self
    return raw
  }

  /// A second descriptor of the same open file, closed on exec.
  public borrowing func duplicate() throws(SystemError) -> FileDescriptor {
    let raw = raw
    return FileDescriptor(owning: try checking("fcntl") { fcntl(raw, F_DUPFD_CLOEXEC, 3) })
  }
}
