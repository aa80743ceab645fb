import Testing

@testable import Telemetry

@Suite struct `A Prometheus page that comes in pieces` {
  private let page = Array(
    """
    # HELP a Of a.
    a{x="1",y="é"} 1
    a{x="2",y="é"} 2.5
    b 3

    a{x="2"} NaN

    """.utf8)

  private func read(_ pieces: [[UInt8]]) throws -> [String] {
    var stream = PrometheusStream()
    var told: [String] = []
    for piece in pieces {
      try piece.withUnsafeBytes { bytes in
        try stream.take(bytes, where: { $0 == "a" }) { told.append("\($0.labels.map(\.value)) \($0.value)") }
      }
    }
    return told
  }

  @Test func `says the same wherever it is cut`() throws {
    let whole = try read([page])
    #expect(whole == [#"["1", "é"] 1.0"#, #"["2", "é"] 2.5"#, #"["2"] nan"#])
    for cut in page.indices {
      #expect(try read([Array(page[..<cut]), Array(page[cut...])]) == whole, "cut at \(cut)")
    }
    #expect(try read(page.map { [$0] }) == whole)
  }

  @Test func `names the line that is malformed, and refuses one that never ends`() {
    #expect(throws: PrometheusError(line: 3, problem: "`x` is no number")) {
      try read([Array("b 1\n".utf8), Array("a 1\na".utf8), Array(" x\n".utf8)])
    }
    let endless = [UInt8](repeating: UInt8(ascii: "a"), count: PrometheusStream.longestLine)
    #expect(throws: PrometheusError(line: 1, problem: "it has no end")) { try read([endless, [0x61]]) }
  }
}
