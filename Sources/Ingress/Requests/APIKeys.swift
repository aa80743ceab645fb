import Glibc
import HTTP
import OpenAI
import Routing
import Telemetry

/// The keys that clients may present.
struct APIKeys: Equatable, Sendable {
  private struct Key: Equatable {
    let bytes: [UInt8]
    var caller: Caller
  }

  private var keys: [Key]?

  /// Lets everyone in.
  static let none = APIKeys(keys: nil)

  private init(keys: [Key]?) { self.keys = keys }

  /// Reads a file with one key a line: `KEY [name=NAME] [max_ongoing_requests=N]`; empty lines and those that begin
  /// with `#` are none.
  ///
  /// Keys with the same name are one caller: so a key can be changed while the old one still serves.
  /// - Throws: when the file cannot be read, others than its owner may read it, a word is not understood, or it holds no
  ///   key: nobody could be let in.
  init(file path: String) throws(IngressError) {
    func fault(_ reason: String) -> IngressError { IngressError("--api-keys-file \(path): \(reason)") }
    guard let file = fopen(path, "re") else { throw fault(String(cString: strerror(errno))) }
    defer { fclose(file) }
    var status = stat()
    guard fstat(fileno(file), &status) == 0, status.st_mode & 0o077 == 0 else {
      throw fault("others may read it; run: chmod 600 \(path)")
    }
    var keys: [Key] = []
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    var number = 0
    defer { free(line) }
    while case let length = getline(&line, &capacity, file), length >= 0 {
      number += 1
      let text = String(decoding: UnsafeRawBufferPointer(start: line, count: length), as: UTF8.self)
      do throws(IngressError) {
        if let key = try Self.key(text, number: number) { keys.append(key) }
      } catch { throw fault("line \(number): \(error)") }
    }
    guard !keys.isEmpty else { throw fault("there is no key in it") }
    self.keys = keys
    placeCallers()
  }

  /// The caller whose key `head` brings.
  ///
  /// - Throws: 401 when it brings none of the keys.
  func caller(of head: MessageHead) throws(APIError) -> Caller {
    guard let keys else { return .anyone }
    let value = head["authorization"] ?? ""
    let presented = value.lowercased().hasPrefix("bearer ") ? Array(value.dropFirst(7).utf8) : []
    // All keys are compared, so that the time taken says nothing about which one was nearly right.
    var caller: Caller?
    for key in keys where Self.equal(key.bytes, presented) { caller = key.caller }
    guard let caller else {
      throw APIError(
        status: 401, type: "AuthenticationError",
        message: "The API key is missing or wrong: send `Authorization: Bearer KEY`.")
    }
    return caller
  }

  private static func key(_ line: String, number: Int) throws(IngressError) -> Key? {
    let words = line.split { $0.isWhitespace }
    guard let first = words.first, !first.hasPrefix("#") else { return nil }
    var name = "key-\(number)"
    var limit: Int?
    for word in words.dropFirst() {
      let sides = word.split(separator: "=", maxSplits: 1)
      switch (sides.first, sides.count) {
      case ("name", 2): name = String(sides[1])
      case ("max_ongoing_requests", 2):
        guard let value = Int(sides[1]), value > 0 else {
          throw IngressError("max_ongoing_requests must be a whole number above 0")
        }
        limit = value
      default: throw IngressError("after a key come name=NAME and max_ongoing_requests=N only")
      }
    }
    return Key(bytes: Array(first.utf8), caller: Caller(name: name, maxOngoingRequests: limit))
  }

  /// Gives each limited caller a place on the board: by its name, so that all replicas choose the same, and a line that
  /// comes or goes moves no other caller.
  private mutating func placeCallers() {
    var taken: [String: Int] = [:]
    for index in keys?.indices ?? 0..<0 {
      guard let caller = keys?[index].caller, caller.maxOngoingRequests != nil else { continue }
      guard taken[caller.name] != nil || taken.count < LoadBoard.callerSlots else { return }
      var slot = Int(StableHash.of(caller.name.utf8) % UInt64(LoadBoard.callerSlots))
      while taken[caller.name] == nil, taken.values.contains(slot) {
        slot = (slot + 1) % LoadBoard.callerSlots
      }
      taken[caller.name] = taken[caller.name] ?? slot
      keys?[index].caller.slot = taken[caller.name]
    }
  }

  /// Compares in a time that depends on the lengths only.
  private static func equal(_ key: [UInt8], _ presented: [UInt8]) -> Bool {
    guard key.count == presented.count else { return false }
    return zip(key, presented).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
