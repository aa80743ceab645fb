import ControlAPI

/// Brings the lines of several files into the order in which they were written.
enum LogMerge {
  /// Gives every line its time: its own, or that of the line before it in its file, which it goes on with.
  ///
  /// Lines before the first with a time get `fallback`, the time of what was read of that file before.
  static func timed(_ lines: [LogLine], fallback: String? = nil) -> [LogLine] {
    var time = fallback
    return lines.map { line in
      if let own = ownTime(of: line.text) { time = own }
      var line = line
      line.time = time
      return line
    }
  }

  /// One stream by time; lines of a file never pass each other, and what has no time stays before what has.
  static func merged(_ files: [[LogLine]]) -> [LogLine] {
    var keyed: [(time: String, file: Int, place: Int)] = []
    for (file, lines) in files.enumerated() {
      var newest = ""
      for (place, line) in lines.enumerated() {
        // Two threads may write in another order than they looked at the clock.
        newest = max(newest, line.time ?? "")
        keyed.append((newest, file, place))
      }
    }
    keyed.sort { ($0.time, $0.file, $0.place) < ($1.time, $1.file, $1.place) }
    return keyed.map { files[$0.file][$0.place] }
  }

  /// The RFC 3339 time in UTC that a line of ours begins with.
  static func ownTime(of line: String) -> String? {
    let stamp = line.utf8.prefix(pattern.count)
    guard stamp.count == pattern.count else { return nil }
    for (byte, expected) in zip(stamp, pattern) {
      let fits = expected == UInt8(ascii: "0") ? (48...57).contains(byte) : byte == expected
      guard fits else { return nil }
    }
    return String(decoding: stamp, as: UTF8.self)
  }

  private static let pattern = Array("0000-00-00T00:00:00.000Z".utf8)
}
