import CommandLine
import ControlAPI
import Platform
import Randomness
import Testing

@testable import dpdeploy

@Suite struct `A bench report` {
  private let start = Instant(nanoseconds: 0)

  private func sample(first: Int64, last: Int64, tokens: Int, failure: CompletionError? = nil)
    -> RequestSample
  {
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

  @Test func `takes ITL between pieces of text, and E2EL to the last token`() {
    var sample = RequestSample(start: start)
    for milliseconds in [50, 60, 90] { sample.takeText(at: start + .milliseconds(milliseconds)) }
    sample.takeUsage(promptTokens: 7, outputTokens: 4, at: start + .milliseconds(110))
    let report = BenchReport(application: "a", model: "m", elapsed: .seconds(1), samples: [sample])
    func seconds(_ milliseconds: Int) -> Double { Duration.milliseconds(milliseconds).inSeconds }
    #expect(report.itlSeconds == Distribution(of: [seconds(10), seconds(30)]))
    #expect(report.e2elSeconds.p50 == .known(seconds(110)) && report.ttftSeconds.p50 == .known(seconds(50)))
    #expect(report.tpotSeconds.p50 == .known(seconds(60) / 3))
    #expect(report.promptTokensPerSecond == 7 && report.generationTokensPerSecond == 4)
  }

  @Test func `knows no latency where nothing was answered`() {
    let report = BenchReport(application: "a", model: "m", elapsed: .seconds(1), samples: [])
    #expect(report.ttftSeconds == Distribution(of: []) && report.requestsPerSecond == 0)
    #expect(report.ttftSeconds.p95 == .unknown && !report.isClean)
  }

  @Test(arguments: [(0.5, 50.0), (0.9, 90.0), (0.95, 95.0), (0.99, 99.0)])
  func `gives exact quantiles`(share: Double, value: Double) {
    let summary = Distribution(of: (1...100).map(Double.init).shuffled())
    let quantiles = [0.5: summary.p50, 0.9: summary.p90, 0.95: summary.p95, 0.99: summary.p99]
    #expect(quantiles[share] == .known(value) && summary.mean == .known(50.5) && summary.count == 100)
  }
}

@Suite struct `A plan of load` {
  private func plan(promptTokens: Int?) -> LoadPlan {
    LoadPlan(arrival: .concurrency(1), promptTokens: promptTokens, maxTokens: 8, seed: 7)
  }

  @Test func `has prompts of the length that was asked for, each another, and the same again for a seed`() {
    var (first, again) = (SplitMix(seed: 7), SplitMix(seed: 7))
    let prompts = (1...20).map { plan(promptTokens: 33).prompt($0, using: &first) }
    #expect(prompts == (1...20).map { plan(promptTokens: 33).prompt($0, using: &again) })
    #expect(Set(prompts.map { "\($0)" }).count == 20)
    for case .tokens(let ids) in prompts { #expect(ids.count == 33) }
    #expect(prompts.allSatisfy { if case .tokens = $0 { true } else { false } })
  }

  @Test(arguments: [
    ("a", Duration.seconds(10) as Duration?, 64, false), ("a -n 5", nil, 64, false),
    ("a -n 5 -d 2s --output-tokens 9", .seconds(2), 9, true), ("a --max-tokens 7", .seconds(10), 7, false),
  ])
  func `is read from the command line`(line: String, duration: Duration?, tokens: Int, isExact: Bool) throws {
    let plan = try BenchCommand.plan(parsed(line))
    #expect(plan.duration == duration && plan.maxTokens == tokens && plan.isOutputExact == isExact)
  }
}

@Suite struct `A command line of a benchmark` {
  @Test(arguments: [
    "a -c 2 -r 3", "a --max-tokens 2 --output-tokens 3", "a -d 2s --warmup 2s", "a --slo tpot_p95=1s",
    "a --fix",
    "a --vary concurrency",
  ])
  func `that contradicts itself is refused before anything is asked`(line: String) throws {
    #expect(throws: UsageError.self) { try BenchCommand.plan(parsed(line)) }
  }

  @Test(arguments: ["a --sweep -r 3", "a --sweep --fix --json"])
  func `of a sweep that cannot be is refused, too`(line: String) throws {
    #expect(throws: UsageError.self) { try BenchCommand.sweptPlan(parsed(line)) }
  }

  @Test func `of a sweep leaves a fifth of each level uncounted, unless it says otherwise`() throws {
    #expect(try BenchCommand.sweptPlan(parsed("a --sweep -d 5s")).warmup == .seconds(1))
    #expect(try BenchCommand.sweptPlan(parsed("a --sweep -d 5s --warmup 2s")).warmup == .seconds(2))
    #expect(try BenchCommand.plan(parsed("a -d 5s")).warmup == .zero)
  }
}

private func parsed(_ line: String) throws -> ParsedArguments {
  let words = line.split(separator: " ").map(String.init)
  guard case .run(let arguments) = try BenchCommand.description.parse(words) else {
    throw UsageError("help was asked for")
  }
  return arguments
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
