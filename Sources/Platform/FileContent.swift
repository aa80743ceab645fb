import Glibc

/// Reads whole files, those of `/proc` among them, which do not say how long they are.
public enum FileContent {
  /// The bytes of the file at `path`.
  public static func bytes(of path: String) throws(SystemError) -> [UInt8] {
    let raw = try checking("open", path) { open(path, O_RDONLY | O_CLOEXEC) }
    defer { close(raw) }
    var bytes: [UInt8] = []
    let code: Int32 = withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 1) { chunk in
      while true {
        let count = read(raw, chunk.baseAddress, chunk.count)
        if count == 0 { return 0 }
        if count > 0 { bytes += chunk.prefix(count) } else if errno != EINTR { return errno }
      }
    }
    guard code == 0 else { throw SystemError(call: "read", code: code, subject: path) }
    return bytes
  }

  /// The text of the file at `path`; what is no UTF-8 is replaced.
  public static func text(of path: String) throws(SystemError) -> String {
    String(decoding: try bytes(of: path), as: UTF8.self)
  }
}
