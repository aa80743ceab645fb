import Glibc

/// Standard output, unbuffered; Swift refuses C's own stream.
public enum StandardOutput {
  /// Writes all of a text, or as much as whoever reads it takes.
  public static func write(_ text: String) { write(Array(text.utf8)) }

  /// Writes all bytes, or as many as whoever reads them takes.
  static func write(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
