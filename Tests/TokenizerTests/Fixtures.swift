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

/// A reproducible stream of random numbers (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
