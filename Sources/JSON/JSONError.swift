/// Why a text is not JSON, and where.
public struct JSONError: Error, Equatable, CustomStringConvertible, Sendable {
  /// What is wrong, as in `expected ',' or ']'`.
  public let reason: String
  /// The line of the fault, from 1.
  public let line: Int
  /// Its column in bytes, from 1.
  public let column: Int

  /// The place and the reason, as in `12:3: expected a value`.
  public var description: String { "\(line):\(column): \(reason)" }
}
