import Glibc
import Platform

/// Keeps logs within bounds: of each rank the last three lives, and of a long file its beginning and its end.
///
/// Processes write to their files themselves and know nothing of this. So nothing is renamed or cut short: the middle of a
/// file becomes a hole, which takes no room on the disk, and what is written meanwhile is not lost.
struct LogKeeper {
  let folder: String
  var limit = Self.limit

  /// A file may take this much of the disk.
  static let limit = 32 << 20
  /// So much of its beginning stays: how a process was started is worth knowing for long.
  static let head = 64 << 10
  /// Lives of a rank whose logs are kept.
  static let keptLives = 3

  /// Removes the logs of lives before the last three of each rank.
  func forgetOldLives() {
    let files = Folder.names(in: folder).compactMap(LogFile.init).filter { $0.epoch != nil }
    for lives in Dictionary(grouping: files, by: \.replica).values {
      let newestFirst = lives.sorted { ($0.epoch ?? 0) > ($1.epoch ?? 0) }
      for file in newestFirst.dropFirst(Self.keptLives) { unlink("\(folder)/\(file.name)") }
    }
  }

  /// Cuts the middle out of files that take too much room.
  ///
  /// - Returns: those that the file system does not let have holes.
  func cutLongFiles() -> [String] {
    Folder.names(in: folder).filter { $0.hasSuffix(".log") && !cut("\(folder)/\($0)") }
  }

  /// False when the file is too long and stays so.
  private func cut(_ path: String) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0, Int(status.st_blocks) * 512 > limit else { return true }
    let fd = open(path, O_WRONLY | O_CLOEXEC)
    guard fd >= 0 else { return true }
    defer { close(fd) }
    return FileHoles.punch(fd, min(Self.head, limit / 4)..<(Int(status.st_size) - limit / 2))
  }
}
