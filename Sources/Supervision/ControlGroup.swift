import Glibc
import Platform

/// A control group (version 2) that holds one process of ours and all that descends from it, whatever session, parent or
/// environment that gave itself: the kernel ends all of them in one go.
public struct ControlGroup: Sendable, Hashable {
  /// Its folder.
  let path: String

  /// The folder in which ours are made: that of our own group; nil where there is none that we may write to.
  public static let base: String? = {
    guard let mount,
      let own = ownPath(try? FileContent.text(of: "/proc/self/cgroup"))
    else { return nil }
    let path = mount + (own == "/" ? "" : own)
    return access(path, W_OK) == 0 ? path : nil
  }()

  private static let prefix = "dpdeploy-"
  private static let mount = mountPoint(try? FileContent.text(of: "/proc/self/mountinfo"))

  private init(path: String) { self.path = path }

  /// Makes a group for a process that is to carry `token`; nil where that is not allowed.
  static func make(for token: ProcessToken) -> ControlGroup? {
    guard let base else { return nil }
    let group = ControlGroup(path: "\(base)/\(prefix)\(token.home)-\(token.random)")
    return mkdir(group.path, 0o755) == 0 ? group : nil
  }

  /// Starts `command` in it.
  ///
  /// The child is born there (`CLONE_INTO_CGROUP`, Linux 5.7) and not moved: a move waits for all processors, 10 ms and
  /// more, and what the child forked before that would be elsewhere.
  @Loop
  func start(_ command: Command) throws(SystemError) -> ChildProcess {
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw SystemError(call: Command.birthInGroup, code: errno, subject: path) }
    defer { close(folder) }
    var command = command
    command.controlGroup = folder
    return try ChildProcess(command)
  }

  /// Removes it, in which nobody ever lived.
  func removeUnused() { rmdir(path) }

  /// The group that a controller made for a living process; nil when it is in none of ours.
  static func of(_ pid: Int32) -> ControlGroup? {
    guard let mount, let path = ownPath(try? FileContent.text(of: "/proc/\(pid)/cgroup")),
      let name = path.split(separator: "/").last, name.hasPrefix(prefix)
    else { return nil }
    return ControlGroup(path: mount + path)
  }

  /// Removes groups that a controller of this home left, and in which nobody lives.
  public static func removeEmpty(ofHome hash: String) {
    guard let base else { return }
    for name in Folder.names(in: base) where name.hasPrefix("\(prefix)\(hash)-") { rmdir("\(base)/\(name)") }
  }

  /// Kills all that live in it; nothing happens where the kernel (before 5.14) cannot.
  func kill() { _ = write("1", to: "cgroup.kill") }

  /// Removes it once nobody lives in it; false when that was not before `deadline`.
  @Loop
  func remove(until deadline: Instant) async -> Bool {
    while rmdir(path) != 0, errno == EBUSY {
      guard Instant.now < deadline else { return false }
      await Loop.sleep(for: .milliseconds(2))
    }
    return true
  }

  private func write(_ text: String, to file: String) -> Bool {
    let fd = open("\(path)/\(file)", O_WRONLY | O_CLOEXEC)
    guard fd >= 0 else { return false }
    defer { close(fd) }
    let bytes = Array(text.utf8)
    return Glibc.write(fd, bytes, bytes.count) == bytes.count
  }

  /// Where the one hierarchy of version 2 is mounted.
  static func mountPoint(_ table: String?) -> String? {
    for line in (table ?? "").split(separator: "\n") {
      let halves = line.split(separator: " ")
      guard let dash = halves.firstIndex(of: "-"), dash + 1 < halves.count, halves[dash + 1] == "cgroup2",
        halves.count > 4
      else { continue }
      return String(halves[4])
    }
    return nil
  }

  /// The group of a process in that hierarchy, from its table of groups.
  static func ownPath(_ table: String?) -> String? {
    (table ?? "").split(separator: "\n").first { $0.hasPrefix("0::") }.map { String($0.dropFirst(3)) }
  }
}
