import FoundationEssentials
import Platform

/// A copy of the management library for tests, with a script of its own.
struct NVMLStub {
  let folder: String
  var path: String { folder + "/libnvmlstub.so" }

  init(_ script: String = "") throws {
    folder = "\(FileManager.default.temporaryDirectory.path())/nvml-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // Built beside the tests; each copy that is opened is a library of its own.
    try FileManager.default.copyItem(atPath: (Executable.directory ?? ".") + "/libnvmlstub.so", toPath: path)
    try write(script)
  }

  /// Has the library say something else from its next call on.
  func write(_ script: String) throws {
    try Data((script + "\n").utf8).write(to: URL(filePath: path + ".script"), options: .atomic)
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
