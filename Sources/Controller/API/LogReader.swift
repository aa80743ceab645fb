import ControlAPI
import Glibc
import Platform

/// Reads the logs of an application's replicas, all of them or one, from where a reader stopped.
struct LogReader {
  private let folder: String
  /// One answer holds at most this much of each file.
  private static let longestPart = 256 * 1024
  /// A tail looks back at most this far.
  private static let longestTail = 1 << 20

  private struct LogFile {
    let name: String
    let replica: String
    let epoch: Int?
  }

  init(folder: String) { self.folder = folder }

  /// The last `tail` lines of each chosen file, or what came after `cursor`.
  ///
  /// A tail shows a rank's newest life; a cursor goes through every life that came after it.
  func page(replica: String?, tail: Int, cursor: String?) -> LogPage {
    let chosen = files.filter { replica == nil || $0.replica == replica }
    guard let cursor else { return tailPage(chosen, tail) }
    let offsets = Self.offsets(cursor)
    let newestKnown = offsets.keys.compactMap { Self.file($0) }
    var lines: [LogLine] = []
    var next: [String: Int] = [:]
    for file in chosen {
      let isOld = newestKnown.contains { $0.replica == file.replica && ($0.epoch ?? 0) > (file.epoch ?? 0) }
      guard let start = offsets[file.name] ?? (isOld ? nil : 0) else { continue }
      let (texts, end) = wholeLines(of: file.name, from: start)
      lines += texts.map { LogLine(replica: file.replica, epoch: file.epoch, text: $0) }
      next[file.name] = end
    }
    return LogPage(lines: lines, cursor: Self.cursor(next))
  }

  private func tailPage(_ chosen: [LogFile], _ tail: Int) -> LogPage {
    var newest: [String: LogFile] = [:]
    for file in chosen where (file.epoch ?? 0) >= (newest[file.replica]?.epoch ?? 0) {
      newest[file.replica] = file
    }
    var lines: [LogLine] = []
    var next: [String: Int] = [:]
    for file in chosen where newest[file.replica]?.name == file.name {
      let size = size(of: file.name)
      let (texts, end) = wholeLines(
        of: file.name, from: max(0, size - Self.longestTail), most: Self.longestTail)
      lines += texts.suffix(tail).map { LogLine(replica: file.replica, epoch: file.epoch, text: $0) }
      next[file.name] = end
    }
    return LogPage(lines: lines, cursor: Self.cursor(next))
  }

  private var files: [LogFile] {
    Folder.names(in: folder).compactMap(Self.file).sorted {
      (Self.order($0.replica), $0.epoch ?? 0) < (Self.order($1.replica), $1.epoch ?? 0)
    }
  }

  /// Ranks before ingress replicas, each by number.
  private static func order(_ replica: String) -> Int {
    let number = Int(String(replica.reversed().prefix { $0.isNumber }.reversed())) ?? 0
    return (replica.hasPrefix("ingress") ? 1_000_000 : 0) + number
  }

  /// Reads `0-3.e7.log` or `ingress-2.log`.
  private static func file(_ name: String) -> LogFile? {
    guard name.hasSuffix(".log") else { return nil }
    let stem = name.dropLast(4)
    if stem.hasPrefix("ingress-") { return LogFile(name: name, replica: String(stem), epoch: nil) }
    let parts = stem.split(whereSeparator: { $0 == "-" || $0 == "." })
    guard parts.count == 3, let group = Int(parts[0]), let rank = Int(parts[1]), parts[2].hasPrefix("e"),
      let epoch = Int(parts[2].dropFirst())
    else { return nil }
    return LogFile(name: name, replica: group == 0 ? "dp\(rank)" : "g\(group)-dp\(rank)", epoch: epoch)
  }

  private func size(of name: String) -> Int {
    var status = stat()
    return stat("\(folder)/\(name)", &status) == 0 ? Int(status.st_size) : 0
  }

  /// The complete lines after `start`, and where the last of them ends.
  private func wholeLines(of name: String, from start: Int, most: Int = longestPart) -> ([String], Int) {
    let fd = open("\(folder)/\(name)", O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return ([], start) }
    defer { close(fd) }
    var bytes = [UInt8](repeating: 0, count: most)
    let count = bytes.withUnsafeMutableBytes { pread(fd, $0.baseAddress, $0.count, start) }
    guard count > 0, let last = bytes[..<count].lastIndex(of: UInt8(ascii: "\n")) else {
      // A line longer than an answer would hold the reader up for ever, so it is cut.
      return count == most ? ([String(decoding: bytes, as: UTF8.self)], start + count) : ([], start)
    }
    let lines = bytes[..<last].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return (lines.map { String(decoding: $0, as: UTF8.self) }, start + last + 1)
  }

  private static func cursor(_ offsets: [String: Int]) -> String {
    offsets.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: ",")
  }

  private static func offsets(_ cursor: String) -> [String: Int] {
    var result: [String: Int] = [:]
    for part in cursor.split(separator: ",") {
      let pair = part.split(separator: "=")
      if pair.count == 2, let offset = Int(pair[1]), offset >= 0 { result[String(pair[0])] = offset }
    }
    return result
  }
}
