import Glibc

/// A socket at a path where other processes ring, so that this one looks at memory that they share.
///
/// A ring carries nothing and is never waited for: it is lost where nobody listens, and several may be heard as one.
@Loop
public final class Doorbell {
  private let descriptor: AsyncDescriptor

  /// Hangs a bell at `path`, in the place of one that an earlier process left there.
  public init(path: String) throws(SystemError) {
    unlink(path)
    let socket = try Self.makeSocket()
    let raw = socket.raw
    try Endpoint.unix(path: path).withAddress { (_, address, length) throws(SystemError) in
      _ = try checking("bind", path) { bind(raw, address, length) }
      _ = try checking("chmod", path) { chmod(path, 0o600) }
    }
    descriptor = try AsyncDescriptor(socket)
  }

  /// Calls `action` at every ring until ``close()``.
  public func answer(_ action: @Loop () -> Void) async {
    while await descriptor.readable(until: .never) == .ready {
      var byte: UInt8 = 0
      var heard = false
      while recv(descriptor.raw, &byte, 1, 0) >= 0 { heard = true }
      if heard { action() }
    }
  }

  /// Rings the bell at `path`.
  public func ring(_ path: String) { Self.ring(path, from: descriptor.raw) }

  /// Rings the bells at `paths` on behalf of a process that has none.
  public nonisolated static func ring(_ paths: [String]) {
    guard let socket = try? makeSocket() else { return }
    for path in paths { ring(path, from: socket.raw) }
  }

  /// Takes the bell down.
  public func close() { descriptor.close() }

  private nonisolated static func ring(_ path: String, from socket: Int32) {
    var byte: UInt8 = 1
    try? Endpoint.unix(path: path).withAddress { (_, address, length) throws(SystemError) in
      // A full queue is as good as another ring in it.
      _ = sendto(socket, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL), address, length)
    }
  }

  private nonisolated static func makeSocket() throws(SystemError) -> FileDescriptor {
    let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    return FileDescriptor(owning: try checking("socket") { socket(AF_UNIX, type, 0) })
  }
}
