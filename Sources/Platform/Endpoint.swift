import Glibc

/// Where a stream socket listens.
public enum Endpoint: Hashable, Sendable, CustomStringConvertible {
  /// A numeric IPv4 or IPv6 address, or `localhost`, and a port.
  case tcp(host: String, port: UInt16)
  /// A path in the file system, at most 107 bytes.
  case unix(path: String)

  /// Reads `unix:/path`, `http://host:port`, `tcp://host:port` or `host:port`; nil when it is none of them.
  public init?(_ text: String) {
    if text.hasPrefix("unix:") {
      self = .unix(path: String(text.dropFirst(5)))
      return
    }
    var rest = Substring(text)
    for scheme in ["http://", "tcp://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
    while rest.hasSuffix("/") { rest.removeLast() }
    guard let colon = rest.lastIndex(of: ":"), let port = UInt16(rest[rest.index(after: colon)...]) else {
      return nil
    }
    let host = rest[..<colon].drop { $0 == "[" }.prefix { $0 != "]" }
    guard !host.isEmpty else { return nil }
    self = .tcp(host: String(host), port: port)
  }

  /// `unix:/path` or `http://host:port`, as ``init(_:)`` reads it.
  public var description: String {
    switch self {
    case .unix(let path): "unix:\(path)"
    case .tcp(let host, let port): host.contains(":") ? "http://[\(host)]:\(port)" : "http://\(host):\(port)"
    }
  }

  /// Calls `body` with the socket family and the address in the kernel's form.
  ///
  /// - Throws: `ENAMETOOLONG` for a path that does not fit, `EINVAL` for a host that is no numeric address.
  func withAddress<Result: ~Copyable>(
    _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    switch self {
    case .unix(let path): try Self.withUnixAddress(path, body)
    case .tcp(let host, let port):
      try Self.withInternetAddress(host == "localhost" ? "127.0.0.1" : host, port, body)
    }
  }

  private static func withUnixAddress<Result: ~Copyable>(
    _ path: String, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw SystemError(call: "bind", code: ENAMETOOLONG, subject: path)
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return try withSockaddr(&address, AF_UNIX, body)
  }

  private static func withInternetAddress<Result: ~Copyable>(
    _ host: String, _ port: UInt16,
    _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    var v4 = sockaddr_in()
    v4.sin_family = sa_family_t(AF_INET)
    v4.sin_port = port.bigEndian
    if inet_pton(AF_INET, host, &v4.sin_addr) == 1 { return try withSockaddr(&v4, AF_INET, body) }
    var v6 = sockaddr_in6()
    v6.sin6_family = sa_family_t(AF_INET6)
    v6.sin6_port = port.bigEndian
    if inet_pton(AF_INET6, host, &v6.sin6_addr) == 1 { return try withSockaddr(&v6, AF_INET6, body) }
    throw SystemError(call: "inet_pton", code: EINVAL, subject: host)
  }

  private static func withSockaddr<Address, Result: ~Copyable>(
    _ address: inout Address, _ family: Int32,
    _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    try withUnsafePointer(to: &address) { (pointer) throws(SystemError) -> Result in
      let raw = UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
      return try body(family, raw, socklen_t(MemoryLayout<Address>.size))
    }
  }
}
