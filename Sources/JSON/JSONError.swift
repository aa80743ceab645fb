/// Why a text is not JSON, and where.
public struct JSONError: Error, Equatable, CustomStringConvertible, Sendable {
  /// What is wrong, as in `expected ',' or ']'`.
  public let reason: String
  /// The line of the fault, from 1.
  public let line: Int
  /// Its column in bytes, from 1.
  public let column: Int

  /// The fault at a byte of a text.
  static func at(_ place: Int, in bytes: [UInt8], _ reason: String) -> JSONError {
    let before = bytes.prefix(place)
    let line = before.count { $0 == 0x0A } + 1
    let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    return JSONError(reason: reason, line: line, column: before.count - lineStart + 1)
  }

  /// The place and the reason, as in `12:3: expected a value`.
  public var description: String { "\(line):\(column): \(reason)" }
}
