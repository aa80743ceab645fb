import Glibc
import Platform

/// Finds processes by the token in their environment.
public enum TokenScan {
  /// A process and what it carries.
  public struct Finding: Hashable, Sendable {
    /// The process id.
    public let pid: Int32
    /// The token.
    public let token: ProcessToken
  }

  /// Every living process that carries a token and whose environment we may read.
  public static func processes() -> [Finding] {
    var buffer = [UInt8](repeating: 0, count: 256 * 1024)
    let own = getpid()
    return ProcessRecord.allPids().compactMap { pid in
      guard pid != own, let token = token(of: pid, &buffer), ProcessRecord(pid: pid)?.isZombie == false else {
        return nil
      }
      return Finding(pid: pid, token: token)
    }
  }

  /// The token that `pid` carries; nil when it carries none, or is not ours to look at.
  public static func token(of pid: Int32) -> ProcessToken? {
    var buffer = [UInt8](repeating: 0, count: 256 * 1024)
    return token(of: pid, &buffer)
  }

  private static let marker = Array("\(ProcessToken.variable)=".utf8)

  /// How long a process gets to show an environment.
  ///
  /// In the middle of `execve` it shows none for some microseconds, or for as long as others take the processors from it.
  private static let patience = Duration.seconds(1)

  private static func token(of pid: Int32, _ buffer: inout [UInt8]) -> ProcessToken? {
    let deadline = Instant.after(patience)
    while let length = readEnvironment(of: pid, into: &buffer) {
      if length > 0 { return value(in: buffer[..<length]) }
      // One that is there now was read while it was not.
      guard let record = ProcessRecord(pid: pid), record.environment != .absent, Instant.now < deadline
      else { return nil }
      usleep(50)
    }
    return nil
  }

  /// The token of an environment, the entries of which end in zeros.
  private static func value(in environment: ArraySlice<UInt8>) -> ProcessToken? {
    environment.withUnsafeBytes { all in
      var rest = all[...]
      while !rest.isEmpty {
        let entry = rest.prefix { $0 != 0 }
        if entry.starts(with: marker) {
          return ProcessToken(String(decoding: entry.dropFirst(marker.count), as: UTF8.self))
        }
        rest = rest[entry.endIndex...].dropFirst()
      }
      return nil
    }
  }

  /// Reads as much of the environment of `pid` as `buffer` holds, and returns how many bytes that are; nil when it is
  /// not ours to read.
  private static func readEnvironment(of pid: Int32, into buffer: inout [UInt8]) -> Int? {
    let fd = open("/proc/\(pid)/environ", O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return nil }
    defer { close(fd) }
    var length = 0
    while length < buffer.count {
      let room = buffer.count - length
      let count = buffer.withUnsafeMutableBytes { read(fd, $0.baseAddress.map { $0 + length }, room) }
      guard count > 0 else { break }
      length += count
    }
    return length
  }
}
