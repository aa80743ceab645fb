import Glibc

/// Writes into files that people own.
public enum FileReplacement {
  /// Puts a text in the place of a file's, in one step: whoever reads sees the old or the new one, never a part.
  public static func replace(_ path: String, with text: String) throws(SystemError) {
    var info = stat()
    guard stat(path, &info) == 0 else { throw failure("replace", path) }
    // The file behind a link, so that the link stays one.
    guard let target = realpath(path, nil) else { throw failure("replace", path) }
    defer { free(target) }
    let new = String(cString: target) + ".new"
    let fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, info.st_mode & 0o777)
    guard fd >= 0 else { throw failure("replace", new) }
    defer { close(fd) }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(fd, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure("replace", new) }
      rest.removeFirst(count)
    }
    guard fsync(fd) == 0, rename(new, target) == 0 else { throw failure("replace", path) }
  }

  private static func failure(_ call: String, _ path: String) -> SystemError {
    SystemError(call: call, code: errno, subject: path)
  }
}
