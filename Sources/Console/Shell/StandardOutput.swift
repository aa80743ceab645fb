import Glibc

/// Standard output, unbuffered; Swift refuses C's own stream.
enum StandardOutput {
  /// Writes all of a text, or as much as whoever reads it takes.
  nonisolated static func write(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}
