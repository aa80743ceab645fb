import Glibc
import Platform

/// Who listens on a TCP port.
public struct PortHolder: Sendable, Equatable, CustomStringConvertible {
  /// The process; nil when it is another user's, or another container's.
  public let pid: Int32?
  /// Its program's short name, when the process is known.
  public let name: String?

  /// `process 1234 (nginx)`.
  public var description: String {
    guard let pid else { return "a process that we may not look at" }
    return "process \(pid)" + (name.map { " (\($0))" } ?? "")
  }

  /// Looks for the listener on `port`; nil when nobody listens there.
  public static func find(port: Int) -> PortHolder? {
    let inodes = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { listeners($0, port) }
    guard !inodes.isEmpty else { return nil }
    let links = Set(inodes.map { "socket:[\($0)]" })
    let pid = ProcessRecord.allPids().first { holds($0, links) }
    return PortHolder(pid: pid, name: pid.flatMap { text("/proc/\($0)/comm") }.map(trimmed))
  }

  /// The inodes of the sockets of a `/proc/net/tcp` table that listen on `port`.
  static func inodes(inTable table: String, port: Int) -> [Substring] {
    table.split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(separator: " ")
      guard fields.count > 9, fields[3] == "0A", let colon = fields[1].lastIndex(of: ":"),
        Int(fields[1][fields[1].index(after: colon)...], radix: 16) == port
      else { return nil }
      return fields[9]
    }
  }

  private static func listeners(_ path: String, _ port: Int) -> [Substring] {
    text(path).map { inodes(inTable: $0, port: port) } ?? []
  }

  private static func holds(_ pid: Int32, _ links: Set<String>) -> Bool {
    guard let folder = opendir("/proc/\(pid)/fd") else { return false }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let target = link("/proc/\(pid)/fd/\(name)"), links.contains(target) { return true }
    }
    return false
  }

  private static func link(_ path: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      guard let base = buffer.baseAddress else { return nil }
      let count = readlink(path, base, buffer.count)
      return count > 0 ? String(decoding: UnsafeRawBufferPointer(buffer).prefix(count), as: UTF8.self) : nil
    }
  }

  private static func text(_ path: String) -> String? {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return nil }
    defer { close(fd) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 32 * 1024)
    while case let count = read(fd, &chunk, chunk.count), count > 0 { bytes += chunk.prefix(count) }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func trimmed(_ text: String) -> String { String(text.prefix { !$0.isNewline }) }
}
