import Glibc

/// The log of a long-running process: lines on its standard error, each with its time.
public enum ProcessLog {
  /// Writes a line.
  public static func write(_ text: String) { emit("\(Timestamp.now) \(text)\n") }

  /// Writes a line that brings its own time.
  public static func line(_ text: String) { emit(text + "\n") }

  /// Writes the one line that says why the process ends, after the program's name as a command line tool does.
  public static func fail(_ program: String, _ reason: String) { emit("\(program): error: \(reason)\n") }

  /// One write where the kernel takes it whole, so that lines of several threads never mix.
  private static func emit(_ line: String) {
    var bytes = Array(line.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}
