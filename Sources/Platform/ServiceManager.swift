import Glibc

/// The service manager that started this process, told by sd_notify(3)'s protocol how it does.
///
/// Source: systemd's sd_notify(3), "NOTIFY_SOCKET", and sd_watchdog_enabled(3).
public struct ServiceManager: Sendable {
  /// It wants a sign of life at least this often; nil when it wants none.
  public let watchdog: Duration?

  private let socketPath: String

  /// The manager that the environment names, if any.
  ///
  /// Its variables are taken out of the environment: they are meant for this process, not for those that it starts.
  public static func takeFromEnvironment() -> ServiceManager? {
    defer { for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] { unsetenv(name) } }
    return ServiceManager(pid: getpid()) { Environment[$0] }
  }

  /// The manager that variables name; nil when they name none.
  init?(pid: Int32, variable: (_ name: String) -> String?) {
    guard let path = variable("NOTIFY_SOCKET"), path.hasPrefix("/") || path.hasPrefix("@") else { return nil }
    socketPath = path
    let isMeant = variable("WATCHDOG_PID").map { $0 == "\(pid)" } ?? true
    let time = variable("WATCHDOG_USEC").flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil }
    watchdog = isMeant ? time.map { .microseconds($0) } : nil
  }

  /// Tells assignments such as `READY=1`; nobody hears them when the manager is gone.
  public func tell(_ assignments: String...) {
    let text = Array(assignments.joined(separator: "\n").utf8)
    let fd = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard fd >= 0 else { return }
    defer { close(fd) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var name = Array(socketPath.utf8)
    guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
    // A leading @ stands for the zero byte of an abstract name, which has no end mark.
    if name[0] == UInt8(ascii: "@") { name[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    let head = MemoryLayout<sa_family_t>.size
    let length = socklen_t(head + name.count + (name[0] == 0 ? 0 : 1))
    _ = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(fd, text, text.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), $0, length)
      }
    }
  }
}
