import Glibc

/// Standard output for data, standard error for everything else; each with the colours it can show.
public struct StandardStreams: Sendable {
  /// The style of standard output.
  public let outputStyle: Style
  /// The style of standard error.
  public let errorStyle: Style
  /// Whether standard output is a terminal.
  public let isOutputTerminal: Bool
  /// Whether standard error is a terminal.
  public let isErrorTerminal: Bool

  /// Looks at the process's streams and environment.
  public init(_ wish: Style.Wish = .auto) {
    isOutputTerminal = isatty(1) == 1
    isErrorTerminal = isatty(2) == 1
    outputStyle = .deciding(wish, isTerminal: isOutputTerminal, environment: Self.variable)
    errorStyle = .deciding(wish, isTerminal: isErrorTerminal, environment: Self.variable)
  }

  /// A variable of this process's environment.
  public static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  /// The terminal's width in cells; 80 where there is none.
  public var width: Int {
    var size = winsize()
    for descriptor in [STDOUT_FILENO, STDERR_FILENO] where ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 {
      if size.ws_col > 0 { return Int(size.ws_col) }
    }
    return 80
  }

  /// Writes data to standard output; false when nobody reads it any more.
  @discardableResult public func out(_ text: String) -> Bool { Self.write(text, to: STDOUT_FILENO) }

  /// Writes a line to standard output.
  @discardableResult public func line(_ text: String) -> Bool { out(text + "\n") }

  /// Writes to standard error.
  @discardableResult public func error(_ text: String) -> Bool { Self.write(text, to: STDERR_FILENO) }

  private static func write(_ text: String, to descriptor: Int32) -> Bool {
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        written += count
      } else if count < 0, errno == EINTR {
        continue
      } else if count < 0, errno == EAGAIN {
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&ready, 1, 30_000) > 0 else { return false }
      } else {
        return false
      }
    }
    return true
  }
}
