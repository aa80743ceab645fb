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

  init(folder: String) { self.folder = folder }

  /// The last `tail` lines of each chosen file, or what came after `cursor`.
  ///
  /// A tail shows a rank's newest life; a cursor goes through every life that came after it.
  func page(replica: String?, tail: Int, cursor: String?) -> LogPage {
    let chosen = files.filter { replica == nil || $0.replica == replica }
    guard let cursor else { return tailPage(chosen, tail) }
    let offsets = Self.offsets(cursor)
    let newestKnown = offsets.keys.compactMap(LogFile.init)
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
    Folder.names(in: folder).compactMap(LogFile.init).sorted {
      (Self.order($0.replica), $0.epoch ?? 0) < (Self.order($1.replica), $1.epoch ?? 0)
    }
  }

  /// Ranks before ingress replicas, each by number.
  private static func order(_ replica: String) -> Int {
    let number = Int(String(replica.reversed().prefix { $0.isNumber }.reversed())) ?? 0
    return (replica.hasPrefix("ingress") ? 1_000_000 : 0) + number
  }

  private func size(of name: String) -> Int {
    var status = stat()
    return stat("\(folder)/\(name)", &status) == 0 ? Int(status.st_size) : 0
  }

  /// The complete lines after `start`, and where the last of them ends.
  ///
  /// What ``LogKeeper`` cut out is told in a line of its own.
  private func wholeLines(of name: String, from start: Int, most: Int = longestPart) -> ([String], Int) {
    let fd = open("\(folder)/\(name)", O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return ([], start) }
    defer { close(fd) }
    guard let data = FileHoles.data(of: fd, from: start) else { return ([], start) }
    let gap = data.lowerBound > start ? [Self.gap(data.lowerBound - start)] : []
    var bytes = [UInt8](repeating: 0, count: min(most, data.count))
    let count = bytes.withUnsafeMutableBytes { pread(fd, $0.baseAddress, $0.count, data.lowerBound) }
    guard count > 0 else { return ([], start) }
    let end = data.lowerBound + count
    guard let last = bytes[..<count].lastIndex(of: UInt8(ascii: "\n")) else {
      // A line longer than an answer, or one that was cut, would hold the reader up for ever.
      let isCut = count == most || FileHoles.data(of: fd, from: end) != nil
      return isCut ? (gap + [String(decoding: bytes[..<count], as: UTF8.self)], end) : ([], start)
    }
    let lines = bytes[..<last].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return (gap + lines.map { String(decoding: $0, as: UTF8.self) }, data.lowerBound + last + 1)
  }

  private static func gap(_ count: Int) -> String {
    "[\(count) bytes of this log are gone, so that it stays below \(LogKeeper.limit >> 20) MiB]"
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
