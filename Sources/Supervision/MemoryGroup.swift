import Glibc
import Platform

/// The control group, of version 1 or 2, against whose limit a process's memory counts, and what the kernel killed there
/// for want of memory.
@Loop
final class MemoryGroup {
  private let path: String
  private let version: Version
  /// Kills that were told of already.
  private var told = 0

  private enum Version {
    case one, two

    /// The file with the count of kills.
    var counts: String { self == .one ? "memory.oom_control" : "memory.events" }
  }

  /// That of this process, which those that it starts share unless they have one of their own.
  static let own = MemoryGroup(process: "self")

  /// The group of a process; nil where there is none.
  static func of(_ pid: Int32) -> MemoryGroup? { MemoryGroup(process: "\(pid)").map { shared($0) } }

  /// The group that was made for one process; nil where memory is not limited by such.
  static func made(_ group: ControlGroup?) -> MemoryGroup? { group.flatMap { MemoryGroup($0.path, .two) } }

  /// A kill must not be told of by two that count.
  private static func shared(_ group: MemoryGroup) -> MemoryGroup {
    group.path == own?.path ? own ?? group : group
  }

  private convenience init?(process: String) {
    guard let mounts = try? FileContent.text(of: "/proc/self/mountinfo"),
      let groups = try? FileContent.text(of: "/proc/\(process)/cgroup")
    else { return nil }
    if let mount = ControlGroup.mountPoint(mounts), let own = ControlGroup.ownPath(groups) {
      // Where a group has no memory controller, an ancestor's counts.
      var path = mount + own
      while path.count > mount.count, access("\(path)/memory.events", R_OK) != 0 {
        path = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
      }
      if access("\(path)/memory.events", R_OK) == 0 {
        self.init(path, .two)
        return
      }
    }
    guard let mount = Self.mountOfVersionOne(mounts), let own = Self.pathOfVersionOne(groups) else {
      return nil
    }
    self.init(mount + own, .one)
  }

  private init?(_ path: String, _ version: Version) {
    (self.path, self.version) = (path, version)
    guard let count = kills else { return nil }
    told = count
  }

  private var kills: Int? { Self.number(after: "oom_kill", in: text(version.counts)) }

  /// Whether the kernel has killed one more process there than was told of.
  func takeKill() -> Bool {
    guard let kills, kills > told else { return false }
    told += 1
    return true
  }

  /// The bytes that all in the group may have; nil without a limit.
  var limit: Int? {
    switch version {
    case .one:
      return Self.number(after: "hierarchical_memory_limit", in: text("memory.stat")).flatMap {
        // No limit is a number too, the greatest whole pages.
        $0 < Int.max / 2 ? $0 : nil
      }
    case .two:
      var (folder, least) = (path, Int?.none)
      while let text = try? FileContent.text(of: "\(folder)/memory.max") {
        if let bytes = Int(text.prefix { $0.isNumber }) { least = min(least ?? bytes, bytes) }
        folder = String(folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)])
      }
      return least
    }
  }

  private func text(_ file: String) -> String { (try? FileContent.text(of: "\(path)/\(file)")) ?? "" }

  /// The number on the line that begins with `word`.
  static func number(after word: String, in text: String) -> Int? {
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 2, words[0] == word { return Int(words[1]) }
    }
    return nil
  }

  /// Where version 1 has its hierarchy of memory.
  static func mountOfVersionOne(_ table: String) -> String? {
    for line in table.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let dash = words.firstIndex(of: "-"), dash + 1 < words.count, words[dash + 1] == "cgroup",
        words.count > 4, words.last?.split(separator: ",").contains("memory") == true
      else { continue }
      return String(words[4])
    }
    return nil
  }

  /// The group of a process in that hierarchy, from its table of groups.
  static func pathOfVersionOne(_ table: String) -> String? {
    for line in table.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      if parts.count == 3, parts[1].split(separator: ",").contains("memory") {
        return parts[2] == "/" ? "" : String(parts[2])
      }
    }
    return nil
  }
}

/// A death for want of memory.
public struct MemoryKill: Sendable, Equatable {
  /// The bytes that all processes of the group together may have; nil where only the machine's memory was the limit.
  public let limit: Int?
}
