import Glibc
import HTTP
import OpenAI

/// The keys that clients may present.
struct APIKeys: Sendable {
  private let keys: [[UInt8]]?

  /// Lets everyone in.
  static let none = APIKeys(keys: nil)

  private init(keys: [[UInt8]]?) { self.keys = keys }

  /// Reads a file with one key a line; empty lines and those that begin with `#` are none.
  ///
  /// - Throws: when the file cannot be read, or holds no key: nobody could be let in.
  init(file path: String) throws(IngressError) {
    guard let file = fopen(path, "re") else {
      throw IngressError("--api-keys-file \(path): \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var keys: [[UInt8]] = []
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    while case let length = getline(&line, &capacity, file), length >= 0 {
      let key = UnsafeRawBufferPointer(start: line, count: length).filter { $0 > 0x20 }
      if !key.isEmpty, key[0] != UInt8(ascii: "#") { keys.append(key) }
    }
    guard !keys.isEmpty else { throw IngressError("--api-keys-file \(path): there is no key in it") }
    self.keys = keys
  }

  /// - Throws: 401 when `head` brings none of the keys.
  func check(_ head: MessageHead) throws(APIError) {
    guard let keys else { return }
    let value = head["authorization"] ?? ""
    let presented = value.lowercased().hasPrefix("bearer ") ? Array(value.dropFirst(7).utf8) : []
    // All keys are compared, so that the time taken says nothing about which one was nearly right.
    let matches = keys.reduce(false) { Self.equal($1, presented) || $0 }
    guard matches else {
      throw APIError(
        status: 401, type: "AuthenticationError",
        message: "The API key is missing or wrong: send `Authorization: Bearer KEY`.")
    }
  }

  /// Compares in a time that depends on the lengths only.
  private static func equal(_ key: [UInt8], _ presented: [UInt8]) -> Bool {
    guard key.count == presented.count else { return false }
    return zip(key, presented).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
