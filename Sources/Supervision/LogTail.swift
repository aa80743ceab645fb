import Glibc

/// The end of a log file.
public enum LogTail {
  /// So much of a file is looked at, at most.
  private static let longest = 256 * 1024

  /// The last `count` lines that are not empty, oldest first; of what lies after byte `start` only.
  ///
  /// A file that cannot be read has none.
  public static func lines(of path: String, count: Int, from start: Int = 0) -> [String] {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return [] }
    defer { close(fd) }
    let size = Int(lseek(fd, 0, SEEK_END))
    let first = max(start, size - min(longest, max(4096, count * 512)))
    guard size > first else { return [] }
    return read(fd, first..<size).split(whereSeparator: \.isNewline).map(String.init).suffix(count)
      .filter { !$0.allSatisfy(\.isWhitespace) }
  }

  private static func read(_ fd: Int32, _ range: Range<Int>) -> String {
    var bytes = [UInt8](repeating: 0, count: range.count)
    let count = bytes.withUnsafeMutableBytes { pread(fd, $0.baseAddress, $0.count, range.lowerBound) }
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}
