import Glibc

/// Writes the files a command makes.
enum OutputFile {
  /// Writes a file and makes the folders it lies in.
  ///
  /// - Throws: ``OutputError`` with the path and the system's reason.
  static func write(_ text: String, to path: String, isExecutable: Bool) throws(OutputError) {
    makeFolders(of: path)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, isExecutable ? 0o755 : 0o644)
    guard descriptor >= 0 else { throw OutputError(path) }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw OutputError(path) }
      written += count
    }
  }

  private static func makeFolders(of path: String) {
    var position = path.startIndex
    while let slash = path[position...].dropFirst().firstIndex(of: "/") {
      mkdir(String(path[..<slash]), 0o755)
      position = slash
    }
  }
}

/// A file that cannot be written.
struct OutputError: Error, CustomStringConvertible {
  let description: String

  init(_ path: String) { description = "cannot write \(path): \(String(cString: strerror(errno)))" }
}
