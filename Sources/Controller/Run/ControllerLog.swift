import Glibc

/// The controller's own log: lines on its standard error.
public enum ControllerLog {
  /// Writes a line with the time before it.
  public static func write(_ text: String) {
    let line = "\(Timestamp.now) \(text)\n"
    var bytes = Array(line.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}
