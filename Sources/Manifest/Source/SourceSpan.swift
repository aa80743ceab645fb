/// A stretch of one line of a source; lines and columns count from 1, columns in Unicode scalars.
public struct SourceSpan: Sendable, Equatable {
  /// The line, from 1.
  public let line: Int
  /// The column of the first character, from 1.
  public let column: Int
  /// Characters covered, at least 1.
  public let length: Int

  /// Makes a span; a length below 1 becomes 1.
  public init(line: Int, column: Int, length: Int = 1) {
    self.line = line
    self.column = column
    self.length = max(1, length)
  }
}
