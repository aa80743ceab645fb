import Glibc

/// A connected stream socket.
@Loop
public final class Socket {
  private let descriptor: AsyncDescriptor
  /// Whether all that had arrived was read, so that another read would only hear so from the kernel.
  private var isDrained = false

  /// Takes over a connected, non-blocking socket; switches Nagle's algorithm off, so that a token leaves at once.
  public init(_ socket: consuming FileDescriptor) throws(SystemError) {
    var yes: Int32 = 1
    setsockopt(socket.raw, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    descriptor = try AsyncDescriptor(socket)
  }

  /// Connects to `endpoint`.
  ///
  /// - Throws: `ETIMEDOUT` when `deadline` comes first, `ECONNREFUSED`, `ENOENT` and the like.
  public static func connect(to endpoint: Endpoint, until deadline: Instant) async throws(SystemError)
    -> Socket
  {
    var inProgress = false
    let descriptor = try endpoint.withAddress {
      (family, address, length) throws(SystemError) -> FileDescriptor in
      let descriptor = try makeSocket(family)
      if Glibc.connect(descriptor.raw, address, length) < 0 {
        guard errno == EINPROGRESS else {
          throw SystemError(call: "connect", code: errno, subject: endpoint.description)
        }
        inProgress = true
      }
      return descriptor
    }
    let socket = try Socket(descriptor)
    if inProgress { try await socket.finishConnecting(to: endpoint, until: deadline) }
    return socket
  }

  /// Who is at the other end of a Unix socket, as the kernel says; nil for a socket of another kind.
  public var peer: Peer? {
    // struct ucred: pid, uid, gid.
    var credentials: [UInt32] = [0, 0, 0]
    var length = socklen_t(12)
    guard getsockopt(descriptor.raw, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0, length == 12,
      credentials[0] > 0
    else { return nil }
    return Peer(pid: Int32(bitPattern: credentials[0]), uid: credentials[1])
  }

  /// A process at the other end of a Unix socket.
  public struct Peer: Sendable, Hashable {
    /// Its process id.
    public let pid: Int32
    /// Its user.
    public let uid: UInt32
  }

  /// Whether ``close()`` was called.
  public var isClosed: Bool { descriptor.raw < 0 }

  /// Called once when the peer closes or the connection breaks, whether or not somebody reads; at once when it has.
  public var onHangup: (@Loop () -> Void)? {
    get { descriptor.onHangup }
    set { descriptor.onHangup = newValue }
  }

  /// Called once when a read is worth trying, in place of a task that waits for it; at once when it is already.
  public var onReadable: (@Loop () -> Void)? {
    get { descriptor.onReadable }
    set { descriptor.onReadable = newValue }
  }

  /// Reads what has arrived, at least one byte, into `buffer`; 0 at the end of the stream.
  ///
  /// - Throws: `ETIMEDOUT` when `deadline` comes first, `ECANCELED` after ``close()``, `ECONNRESET` and the like.
  public func read(into buffer: UnsafeMutableRawBufferPointer, until deadline: Instant)
    async throws(SystemError) -> Int
  {
    while true {
      if let count = try tryRead(into: buffer) { return count }
      try await readable(until: deadline)
    }
  }

  /// Waits until a read is worth trying.
  ///
  /// - Throws: as ``read(into:until:)``.
  public func readable(until deadline: Instant) async throws(SystemError) {
    try check(await descriptor.readable(until: deadline), "read")
    isDrained = false
  }

  /// Reads without waiting; nil when nothing has arrived, 0 at the end of the stream.
  public func tryRead(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int? {
    if isDrained, !isClosed, !descriptor.takeReadiness() { return nil }
    let count = try attempt("read") { recv(descriptor.raw, buffer.baseAddress, buffer.count, 0) }
    // What comes after a read that left room is told anew, but not an end that has been told already (epoll(7)).
    isDrained = (count ?? 0) < buffer.count && !descriptor.isHungUp
    return count
  }

  /// Writes all of `bytes`, waiting while the peer is slow.
  ///
  /// - Throws: `ETIMEDOUT` when `deadline` comes first, `ECANCELED` after ``close()``, `EPIPE` and the like.
  public func write(_ bytes: UnsafeRawBufferPointer, until deadline: Instant) async throws(SystemError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      if let count = try tryWrite(UnsafeRawBufferPointer(rebasing: rest)) {
        rest = rest.dropFirst(count)
      } else {
        try check(await descriptor.writable(until: deadline), "write")
      }
    }
  }

  /// Writes all of `bytes`, waiting while the peer is slow.
  ///
  /// - Throws: as ``write(_:until:)-(UnsafeRawBufferPointer,_)``.
  public func write(_ bytes: [UInt8], until deadline: Instant) async throws(SystemError) {
    var sent = 0
    while sent < bytes.count {
      let count = try bytes.withUnsafeBytes { all in
        Result { () throws(SystemError) in try tryWrite(UnsafeRawBufferPointer(rebasing: all[sent...])) }
      }.get()
      if let count { sent += count } else { try check(await descriptor.writable(until: deadline), "write") }
    }
  }

  /// Writes what the kernel takes at once; nil when it takes nothing now.
  public func tryWrite(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int? {
    try attempt("write") { send(descriptor.raw, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)) }
  }

  /// Tells the peer that nothing more will be written.
  public func shutdownWriting() {
    if !isClosed { shutdown(descriptor.raw, Int32(SHUT_WR)) }
  }

  /// Closes the connection; whoever reads or writes gets `ECANCELED`.
  public func close() { descriptor.close() }

  private func finishConnecting(to endpoint: Endpoint, until deadline: Instant) async throws(SystemError) {
    let outcome = await descriptor.writable(until: deadline)
    var code = outcome == .timedOut ? ETIMEDOUT : outcome == .closed ? ECANCELED : 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    if code == 0 { getsockopt(descriptor.raw, SOL_SOCKET, SO_ERROR, &code, &length) }
    guard code == 0 else {
      close()
      throw SystemError(call: "connect", code: code, subject: endpoint.description)
    }
  }

  private func attempt(_ call: String, _ body: () -> Int) throws(SystemError) -> Int? {
    guard !isClosed else { throw SystemError(call: call, code: ECANCELED) }
    while true {
      let count = body()
      if count >= 0 { return count }
      switch errno {
      case EINTR: continue
      case EAGAIN: return nil
      case let code: throw SystemError(call: call, code: code)
      }
    }
  }

  private func check(_ outcome: AsyncDescriptor.Outcome, _ call: String) throws(SystemError) {
    switch outcome {
    case .ready: return
    case .timedOut: throw SystemError(call: call, code: ETIMEDOUT)
    case .closed: throw SystemError(call: call, code: ECANCELED)
    }
  }
}
