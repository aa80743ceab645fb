/// A Prometheus page that comes in pieces: only a piece is in memory, and the line that it cuts.
public struct PrometheusStream: Sendable {
  /// Longer lines are refused: they are no metrics.
  public static let longestLine = 1 << 20

  private var rest: [UInt8] = []
  private var line = 1

  /// A page of which nothing has come.
  public init() {}

  /// Reads the lines that `piece` ends, and hands on the samples whose names pass `isWanted`.
  ///
  /// - Throws: the first malformed line.
  public mutating func take(
    _ piece: UnsafeRawBufferPointer, where isWanted: (String) -> Bool, _ use: (PrometheusSample) -> Void
  ) throws(PrometheusError) {
    guard let end = piece.lastIndex(of: 0x0A) else {
      rest += piece
      guard rest.count <= Self.longestLine else {
        throw PrometheusError(line: line, problem: "it has no end")
      }
      return
    }
    var page = PrometheusPage(bytes: rest + piece[...end], line: line)
    rest = Array(piece[(end + 1)...])
    while page.hasMore {
      if let sample = try page.readLine(isWanted) { use(sample) }
    }
    line = page.line
  }
}
