import ControlAPI
import Deployment
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

  /// The last lines of each chosen file, or what came after the cursor, in one stream by time.
  ///
  /// Without a cursor a rank's newest life is shown, if no other is asked for; a cursor goes through every life that
  /// came after it.
  func page(_ query: LogQuery) -> LogPage {
    let choice = LogChoice(query)
    let chosen = choice.files(among: files)
    var parts: [[LogLine]] = []
    var next: [String: Int] = [:]
    let offsets = query.cursor.map(Self.offsets)
    let newestKnown = offsets?.keys.compactMap(LogFile.init) ?? []
    for file in chosen {
      let part: (texts: [String], end: Int)
      if let offsets {
        let isOld = newestKnown.contains { $0.owner == file.owner && ($0.epoch ?? 0) > (file.epoch ?? 0) }
        guard let start = offsets[file.name] ?? (isOld ? nil : 0) else { continue }
        part = wholeLines(of: file.name, from: start)
      } else {
        let start = max(0, size(of: file.name) - Self.longestTail)
        part = wholeLines(of: file.name, from: start, most: Self.longestTail)
      }
      let lines = part.texts.map { LogLine(replica: file.replica, epoch: file.epoch, text: $0) }
      let wanted = LogMerge.timed(lines).filter(choice.accepts)
      parts.append(offsets == nil ? wanted.suffix(choice.tail) : wanted)
      next[file.name] = part.end
    }
    return LogPage(lines: LogMerge.merged(parts), cursor: Self.cursor(next))
  }

  private var files: [LogFile] {
    Folder.names(in: folder).compactMap(LogFile.init).sorted { Self.order($0) < Self.order($1) }
  }

  /// Ranks by group and number, ingress replicas after them, then fronts; of each its lives in their order.
  private static func order(_ file: LogFile) -> (Int, Int, Int, Int) {
    switch file.owner {
    case .rank(let group, let rank): (0, group, rank, file.epoch ?? 0)
    case .ingress(let index): (1, 0, index, 0)
    case .front(let index): (2, 0, index, 0)
    }
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
