import CLinux
import Glibc

/// A listening stream socket.
@Loop
public final class Listener {
  private let descriptor: AsyncDescriptor
  private let gate: (any AcceptGate)?

  /// Accepts on `socket`, which listens already; `exclusive` when other processes accept on it too, `gate` when this
  /// one is not to take more than its share.
  public init(
    _ socket: consuming FileDescriptor, exclusive: Bool = false, gate: (any AcceptGate)? = nil
  ) throws(SystemError) {
    try setNonBlocking(socket.raw)
    self.gate = gate
    descriptor = try AsyncDescriptor(socket, exclusive: exclusive)
  }

  /// Opens a socket that listens on `endpoint`.
  ///
  /// A Unix socket gets mode 0600, and a stale one at its path (nobody answers) is replaced.
  /// - Throws: `EADDRINUSE` when somebody else listens there, `ENAMETOOLONG`, `EACCES` and the like.
  public nonisolated static func open(_ endpoint: Endpoint, backlog: Int32 = 4096) throws(SystemError)
    -> FileDescriptor
  {
    if case .unix(let path) = endpoint, isAbandoned(path) { unlink(path) }
    return try endpoint.withAddress { (family, address, length) throws(SystemError) -> FileDescriptor in
      let descriptor = try makeSocket(family)
      var yes: Int32 = 1
      if family != AF_UNIX {
        setsockopt(descriptor.raw, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
      }
      let raw = descriptor.raw
      try checking("bind", endpoint.description) { bind(raw, address, length) }
      if case .unix(let path) = endpoint { try checking("chmod", path) { chmod(path, 0o600) } }
      try checking("listen", endpoint.description) { listen(raw, backlog) }
      return descriptor
    }
  }

  /// The TCP port that `socket` is bound to; nil for a Unix socket.
  public nonisolated static func port(of socket: borrowing FileDescriptor) -> UInt16? {
    var address = sockaddr_in6()
    var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    let raw = socket.raw
    let result = withUnsafeMutablePointer(to: &address) {
      getsockname(raw, UnsafeMutableRawPointer($0).assumingMemoryBound(to: sockaddr.self), &length)
    }
    // The port is at the same place in both families.
    let isInternet = [sa_family_t(AF_INET), sa_family_t(AF_INET6)].contains(address.sin6_family)
    return result == 0 && isInternet ? UInt16(bigEndian: address.sin6_port) : nil
  }

  /// The next connection; nil after ``close()``.
  ///
  /// - Throws: what `accept` says of the process, such as `EMFILE`; a connection that died in the queue is skipped.
  public func accept() async throws(SystemError) -> Socket? {
    while descriptor.raw >= 0 {
      if let gate, !gate.isOpen {
        try await standAside(gate)
        if descriptor.raw < 0 { return nil }
        guard gate.takesLeftovers || gate.isOpen else { continue }
      }
      let raw = clinux_accept4(descriptor.raw)
      switch -raw {
      case EAGAIN:
        if let gate, !gate.isOpen { continue }
        if await descriptor.readable(until: .never) == .closed { return nil }
      case EINTR, ECONNABORTED, EPROTO:
        continue
      case 1...:
        throw SystemError(call: "accept", code: -raw)
      default:
        return try Socket(FileDescriptor(owning: raw))
      }
    }
    return nil
  }

  /// Looks for connections now, whatever the kernel has told.
  ///
  /// It wakes one process for a connection, and when that one dies or stops accepting before it took it, nobody else.
  public func lookAgain() { descriptor.wakeReader() }

  /// Leaves connections to other processes; the kernel does not even wake this one for them.
  private func standAside(_ gate: any AcceptGate) async throws(SystemError) {
    descriptor.suspend()
    await gate.waitForTurn()
    try descriptor.resume()
  }

  /// Stops accepting; the socket itself lives on in the processes that share it.
  public func close() { descriptor.close() }

  /// Whether there is a Unix socket at `path` on which nobody listens any more.
  ///
  /// Only a refusal says so: one that cannot be asked may have its listener.
  public nonisolated static func isAbandoned(_ path: String) -> Bool {
    guard access(path, F_OK) == 0 else { return false }
    let answer = try? Endpoint.unix(path: path).withAddress {
      (family, address, length) throws(SystemError) -> Bool in
      let probe = try makeSocket(family)
      return connect(probe.raw, address, length) < 0 && errno == ECONNREFUSED
    }
    return answer ?? false
  }
}

/// A new non-blocking stream socket.
func makeSocket(_ family: Int32) throws(SystemError) -> FileDescriptor {
  let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
  return FileDescriptor(owning: try checking("socket") { socket(family, type, 0) })
}

func setNonBlocking(_ fd: Int32) throws(SystemError) {
  let flags = try checking("fcntl") { fcntl(fd, F_GETFL) }
  try checking("fcntl") { fcntl(fd, F_SETFL, flags | O_NONBLOCK) }
}
