import Glibc
import JSON
import Tokenizer

/// Files under `Tests/Fixtures`, found from this file's place.
enum Fixtures {
  static let root = #filePath.split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 } + "/Fixtures"

  static func json(_ path: String) throws -> JSONValue {
    try JSONValue(parsing: try bytes(path))
  }

  static func bytes(_ path: String) throws -> [UInt8] {
    let full = root + "/" + path
    guard let file = fopen(full, "r") else {
      throw TokenizerError.unreadable(path: full, reason: "errno \(errno)")
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
    return bytes
  }

  static func toyTokenizer() throws -> Tokenizer {
    try Tokenizer(try json("deepseek-v3-toy/tokenizer.json"))
  }
}

extension JSONValue {
  /// An array of token ids.
  var ids: [Int32] { elements?.compactMap { $0.integer.map(Int32.init) } ?? [] }
}
