import Glibc
import Testing

@testable import Platform

@Suite struct `A service manager` {
  private func manager(_ variables: [String: String]) -> ServiceManager? {
    ServiceManager(pid: 7) { variables[$0] }
  }

  @Test func `is the one that the environment names, with the watchdog that is meant for us`() {
    #expect(manager([:]) == nil)
    #expect(manager(["NOTIFY_SOCKET": "run/x"]) == nil)
    #expect(manager(["NOTIFY_SOCKET": "/run/x"])?.watchdog == nil)
    let variables = ["NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "3000000"]
    #expect(manager(variables)?.watchdog == .seconds(3))
    #expect(manager(variables.merging(["WATCHDOG_PID": "7"]) { $1 })?.watchdog == .seconds(3))
    #expect(manager(variables.merging(["WATCHDOG_PID": "8"]) { $1 })?.watchdog == nil)
    #expect(manager(variables.merging(["WATCHDOG_USEC": "soon"]) { $1 })?.watchdog == nil)
  }

  @Test(arguments: ["/tmp/dpn-\(getpid())", "@dpn-\(getpid())"])
  func `hears what is told, by a path or an abstract name`(path: String) throws {
    let fd = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer {
      close(fd)
      unlink(path)
    }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let name = Array(path.utf8).map { $0 == UInt8(ascii: "@") ? 0 : $0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    let length = socklen_t(2 + name.count + (name[0] == 0 ? 0 : 1))
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(fd, $0, length) }
    }
    try #require(bound == 0)
    try #require(manager(["NOTIFY_SOCKET": path])).tell("READY=1", "STATUS=well")
    var bytes = [UInt8](repeating: 0, count: 100)
    let count = recv(fd, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    #expect(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) == "READY=1\nSTATUS=well")
  }
}
