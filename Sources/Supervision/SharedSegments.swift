import Glibc
import Platform

/// Segments of shared memory under `/dev/shm` that processes map, and that hard deaths leave there.
public struct SharedSegments: Sendable, Equatable {
  /// The files' paths.
  public private(set) var paths: Set<String> = []

  /// What Python, NCCL and PyTorch name theirs.
  private static let prefixes = ["psm_", "nccl-", "torch_", "sem.mp-"]
  private static let folder = "/dev/shm/"

  /// None yet.
  public init() {}

  /// Adds the segments that the processes of the session founded by `leader` map now.
  public mutating func note(sessionOf leader: ProcessIdentity) {
    for pid in SessionScan.all(of: leader) { paths.formUnion(Self.mapped(by: pid)) }
  }

  /// Removes those that nobody maps any more.
  ///
  /// - Returns: how many they were, and their bytes together.
  public func removeUnused() -> (count: Int, bytes: Int) {
    guard !paths.isEmpty else { return (0, 0) }
    let used = ProcessRecord.allPids().reduce(into: Set<String>()) { $0.formUnion(Self.mapped(by: $1)) }
    var (count, bytes) = (0, 0)
    for path in paths.subtracting(used) {
      var status = stat()
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == getuid(),
        unlink(path) == 0
      else { continue }
      count += 1
      bytes += Int(status.st_size)
    }
    return (count, bytes)
  }

  private static func mapped(by pid: Int32) -> Set<String> {
    guard let text = try? FileContent.text(of: "/proc/\(pid)/maps") else { return [] }
    return text.split(separator: "\n").reduce(into: []) { found, line in
      // The path stands last, after spaces; what is removed already says so behind it.
      guard let path = line.split(separator: " ").dropFirst(5).first, path.hasPrefix(folder) else { return }
      let name = path.dropFirst(folder.count)
      if !line.hasSuffix("(deleted)"), prefixes.contains(where: { name.hasPrefix($0) }) {
        found.insert(String(path))
      }
    }
  }
}
