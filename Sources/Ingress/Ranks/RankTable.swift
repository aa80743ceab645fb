import JSON
import OpenAI
import Platform
import Routing

/// The ranks that exist, as the controller says it on the admin socket.
struct RankTable: Equatable, Sendable {
  struct Entry: Equatable, Sendable {
    let key: RankKey
    let epoch: Int
    let endpoint: Endpoint
    let capacity: Int
    let isRunning: Bool
    /// The rank's column on the load board.
    let slot: Int
  }

  let version: Int
  let entries: [Entry]

  /// Reads `{"version":…,"ranks":[{"group","rank","epoch","endpoint","capacity","state","slot"},…]}`.
  ///
  /// - Throws: 400 with the member that is missing or wrong.
  init(parsing bytes: [UInt8]) throws(APIError) {
    let root: JSONValue
    do { root = try JSONValue(parsing: bytes) } catch {
      throw .badRequest("the rank table is no JSON: \(error)")
    }
    guard let version = root["version"]?.integer, let ranks = root["ranks"]?.elements else {
      throw .badRequest("a rank table has a version and ranks")
    }
    self.version = version
    var entries: [Entry] = []
    for rank in ranks { entries.append(try Self.entry(rank)) }
    self.entries = entries
  }

  private static func entry(_ value: JSONValue) throws(APIError) -> Entry {
    func number(_ name: String) throws(APIError) -> Int {
      guard let number = value[name]?.integer, number >= 0 else {
        throw .badRequest("a rank's `\(name)` must be a whole number", parameter: name)
      }
      return number
    }
    guard let endpoint = value["endpoint"]?.string.flatMap(Endpoint.init) else {
      throw .badRequest("a rank's `endpoint` must be unix:PATH or HOST:PORT", parameter: "endpoint")
    }
    return Entry(
      key: RankKey(group: try number("group"), rank: try number("rank")), epoch: try number("epoch"),
      endpoint: endpoint, capacity: try number("capacity"), isRunning: value["state"]?.string == "RUNNING",
      slot: try number("slot"))
  }
}
