import Glibc

/// Reads a process's processor time and memory again and again, at the cost of one system call a reading.
public final class UsageProbe: Sendable {
  /// What a process has used.
  public struct Reading: Sendable, Equatable {
    /// User and system time of all its threads, in seconds.
    public let cpuSeconds: Double
    /// Resident memory, in bytes.
    public let residentBytes: Int
  }

  private let fd: Int32
  private static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
  private static let pageSize = sysconf(Int32(_SC_PAGESIZE))

  /// Watches `pid`; nil when there is no such process.
  ///
  /// The open file stays with this process when the id is used again.
  public init?(pid: Int32) {
    let fd = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return nil }
    self.fd = fd
  }

  deinit { close(fd) }

  /// The present reading; nil when the process has ended.
  public func read() -> Reading? {
    let fd = fd
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1024) { buffer in
      let count = pread(fd, buffer.baseAddress, buffer.count, 0)
      return count > 0 ? Self.parse(UnsafeBufferPointer(rebasing: buffer[..<count])) : nil
    }
  }

  /// Takes the fields utime (14th), stime and rss (24th) of a stat line.
  static func parse(_ line: UnsafeBufferPointer<UInt8>) -> Reading? {
    // The name may hold anything, so fields are counted from its closing bracket: the state, third, comes next.
    guard let close = line.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    var field = 2
    var value = 0
    var user = 0
    var system = 0
    for byte in line[(close + 1)...] {
      if byte == UInt8(ascii: " ") {
        switch field {
        case 14: user = value
        case 15: system = value
        case 24:
          return Reading(
            cpuSeconds: Double(user + system) / ticksPerSecond, residentBytes: value * pageSize)
        default: break
        }
        field += 1
        value = 0
      } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
        value = value &* 10 &+ Int(byte - UInt8(ascii: "0"))
      }
    }
    return nil
  }
}
