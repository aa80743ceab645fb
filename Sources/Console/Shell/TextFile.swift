import Glibc

/// Small text files and folders.
enum TextFile {
  /// More than any manifest or theme; a larger file is none.
  private static let largest = 4 << 20

  /// Reads a file, or says why not.
  static func read(_ path: String, largest: Int = largest) -> Result<String, FileProblem> {
    let fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard fd >= 0 else { return .failure(.current) }
    defer { close(fd) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= largest {
      let count = Glibc.read(fd, &chunk, chunk.count)
      if count == 0 { break }
      guard count > 0 else { return .failure(.current) }
      bytes += chunk.prefix(count)
    }
    guard bytes.count <= largest else {
      return .failure(FileProblem(text: "larger than \(largest >> 20) MiB"))
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      return .failure(FileProblem(text: "not UTF-8 text"))
    }
    return .success(text)
  }

  /// Writes a new file that only its owner may read; says why not when it cannot.
  static func write(_ text: String, to path: String) -> FileProblem? {
    let fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard fd >= 0 else { return .current }
    defer { close(fd) }
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(fd, $0.baseAddress, $0.count) }
      guard count > 0 else { return .current }
      bytes = bytes.dropFirst(count)
    }
    return nil
  }

  /// The files of a folder with one of these endings, in order of their names.
  static func list(_ folder: String, endings: [String]) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if endings.contains(where: name.hasSuffix), !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  /// Whether there is anything at a path.
  static func exists(_ path: String) -> Bool { access(path, R_OK) == 0 }

  /// The current folder.
  static var workingDirectory: String {
    guard let path = getcwd(nil, 0) else { return "." }
    defer { free(path) }
    return String(cString: path)
  }

  /// The path from the root on.
  static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : workingDirectory + "/" + path
  }
}

/// Why a file cannot be read.
struct FileProblem: Error, Sendable, CustomStringConvertible {
  let text: String

  static var current: FileProblem { FileProblem(text: String(cString: strerror(errno))) }

  var description: String { text }
}
