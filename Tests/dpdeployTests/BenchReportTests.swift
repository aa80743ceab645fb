import ControlAPI
import Platform
import Testing

@testable import dpdeploy

@Suite struct `A bench report` {
  private let start = Instant(nanoseconds: 0)

  private func sample(first: Int64, last: Int64, tokens: Int, failure: ChatError? = nil) -> RequestSample {
    var sample = RequestSample(start: start)
    sample.firstToken = start + .milliseconds(first)
    sample.lastToken = start + .milliseconds(last)
    sample.end = start + .milliseconds(last)
    sample.outputTokens = tokens
    sample.promptTokens = 10
    sample.failure = failure
    return sample
  }

  @Test func `counts what failed, by kind, and leaves it out of the rates`() {
    let report = BenchReport(
      application: "a", model: "m", elapsed: .seconds(2),
      samples: [
        sample(first: 100, last: 1100, tokens: 11),
        sample(first: 300, last: 700, tokens: 5),
        sample(first: 0, last: 0, tokens: 99, failure: .cut),
        sample(first: 0, last: 0, tokens: 99, failure: .server(status: 503, "full")),
      ])
    #expect(report.requests == 4 && report.failures == 2)
    #expect(report.failureKinds == ["stream-cut": 1, "status-503": 1])
    #expect(report.requestsPerSecond == 1 && report.generationTokensPerSecond == 8)
    #expect(report.promptTokensPerSecond == 10)
  }

  @Test func `takes TPOT over the tokens after the first`() {
    let report = BenchReport(
      application: "a", model: "m", elapsed: .seconds(1),
      samples: [sample(first: 100, last: 1100, tokens: 11)])
    #expect(report.tpotSeconds.p50 == .known(0.1) && report.ttftSeconds.p50 == .known(0.1))
  }

  @Test func `knows no latency where nothing was answered`() {
    let report = BenchReport(application: "a", model: "m", elapsed: .seconds(1), samples: [])
    #expect(report.ttftSeconds == LatencySummary() && report.requestsPerSecond == 0)
  }

  @Test(arguments: [(0.5, 50.0), (0.9, 90.0), (0.99, 99.0)])
  func `gives exact quantiles`(share: Double, value: Double) {
    let summary = LatencySummary(of: (1...100).map(Double.init).shuffled())
    let quantiles = [0.5: summary.p50, 0.9: summary.p90, 0.99: summary.p99]
    #expect(quantiles[share] == .known(value) && summary.mean == .known(50.5) && summary.count == 100)
  }
}

@Suite struct `A quantity` {
  @Test(arguments: [
    (nil, "–"), (0.000_25, "0.3ms"), (0.0124, "12.4ms"), (0.25, "250ms"), (1.4142, "1.41s"), (42.04, "42.0s"),
  ])
  func `of seconds has the unit that reads best`(value: Double?, text: String) {
    #expect(Quantity.seconds(value) == text)
  }

  @Test(arguments: [(-0.04, 1, "0.0"), (-1.25, 1, "-1.3"), (9.999, 2, "10.00"), (3.0, 0, "3")])
  func `is rounded as people round`(value: Double, decimals: Int, text: String) {
    #expect(Quantity.fixed(value, decimals) == text)
  }

  @Test func `of bytes is in binary units`() {
    #expect(
      Quantity.bytes(nil) == "–" && Quantity.bytes(52_428_800) == "50Mi"
        && Quantity.bytes(3_221_225_472) == "3.0Gi")
  }
}

@Suite struct `A JSON string` {
  @Test func `escapes what JSON does not allow`() {
    #expect(quoted("a\"b\\c\nd\u{1}é") == #""a\"b\\c\nd\u0001é""#)
  }
}
