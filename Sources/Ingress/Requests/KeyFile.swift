import Glibc
import HTTP
import OpenAI
import Platform

/// The API keys of a file, read again when it changes.
@Loop
final class KeyFile {
  private let path: String?
  private(set) var keys: APIKeys
  private var version: Version?

  private struct Version: Equatable {
    let inode: UInt64
    let size: Int
    let seconds: Int
    let nanoseconds: Int

    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      inode = UInt64(status.st_ino)
      size = Int(status.st_size)
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
    }
  }

  /// - Parameter path: nil lets everyone in.
  init(_ path: String?) throws(IngressError) {
    self.path = path
    version = path.flatMap(Version.init)
    keys = if let path { try APIKeys(file: path) } else { .none }
  }

  /// The caller whose key `head` brings.
  ///
  /// - Throws: 401 when it brings none.
  func caller(of head: MessageHead) throws(APIError) -> Caller { try keys.caller(of: head) }

  /// Takes a changed file over; one that is not right leaves the keys as they are.
  func reload() {
    guard let path, case let present = Version(path), present != version else { return }
    version = present
    do {
      keys = try APIKeys(file: path)
      ProcessLog.write("API keys were read again")
    } catch {
      ProcessLog.write("API keys stay as they were: \(error)")
    }
  }
}
