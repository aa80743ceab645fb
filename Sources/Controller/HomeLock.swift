import ControlAPI
import Glibc

/// The lock of a home directory: whoever holds it is its one controller.
final class HomeLock: Sendable {
  private let fd: Int32

  /// Takes the lock; the kernel lets go of it with the process, however that ends.
  ///
  /// - Throws: ``ControllerError/locked(pid:home:)`` when another controller has it.
  init(_ home: HomeDirectory) throws(ControllerError) {
    fd = open(home.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard fd >= 0 else { throw .home("cannot open \(home.lock): \(String(cString: strerror(errno)))") }
    guard flock(fd, LOCK_EX | LOCK_NB) == 0 else {
      let holder = Self.holder(fd)
      close(fd)
      throw .locked(pid: holder, home: home.path)
    }
    ftruncate(fd, 0)
    let text = "\(getpid())\n"
    _ = text.withCString { write(fd, $0, strlen($0)) }
  }

  deinit { close(fd) }

  /// Lets another controller take the home over.
  func release() { flock(fd, LOCK_UN) }

  private static func holder(_ fd: Int32) -> Int32? {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = bytes.withUnsafeMutableBytes { pread(fd, $0.baseAddress, $0.count, 0) }
    guard count > 0 else { return nil }
    return Int32(String(decoding: bytes[..<count].prefix { $0 != 10 }, as: UTF8.self))
  }
}
