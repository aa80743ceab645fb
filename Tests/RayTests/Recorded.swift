import FoundationEssentials
import JSON
import Ray
import Testing

/// What Ray 2.60 answered, recorded on a cluster of three nodes.
enum Recorded {
  static func answer(_ name: String) throws -> JSONValue {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Samples")
    return try JSONValue(parsing: Array(Data(contentsOf: folder.appending(path: name + ".json"))))
  }

  static func details(_ name: String) throws -> ServeDetails { try ServeDetails(answer(name)) }
}
