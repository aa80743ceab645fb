import FoundationEssentials
import Glibc
import Testing

/// Texts as they must be, kept as files; `UPDATE_GOLDEN=1 swift test` writes them anew.
enum Golden {
  /// The folder of the files.
  static let folder = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/Golden"

  /// Holds `text` to the file of that name.
  static func expect(_ text: String, _ name: String, at place: SourceLocation = #_sourceLocation) throws {
    let url = URL(filePath: "\(folder)/\(name)")
    if getenv("UPDATE_GOLDEN") != nil { try Data(text.utf8).write(to: url) }
    let golden = try #require(
      try? Data(contentsOf: url), "\(url.path) is missing; UPDATE_GOLDEN=1 writes it", sourceLocation: place)
    #expect(text == String(decoding: golden, as: UTF8.self), "\(name) differs", sourceLocation: place)
  }
}
