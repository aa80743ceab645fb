import Glibc

/// One line per event on standard error, with the time as RFC 3339 has it.
public enum EngineLog {
  /// Writes a line.
  public static func write(_ text: String) {
    emit("\(timestamp()) \(text)\n")
  }

  /// Writes the one line that says why the process ends.
  public static func fail(_ error: EngineError) {
    emit("dpengine: error: \(error)\n")
  }

  private static func emit(_ line: String) {
    // One write, so that lines of several threads never mix.
    let bytes = Array(line.utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// The present time in UTC with milliseconds.
  static func timestamp() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    let date = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    let milliseconds = String(1000 + now.tv_nsec / 1_000_000).dropFirst()
    return "\(date)T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(milliseconds)Z"
  }

  private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
