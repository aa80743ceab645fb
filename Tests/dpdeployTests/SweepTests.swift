import CommandLine
import ControlAPI
import Platform
import Terminal
import Testing

@testable import dpdeploy

/// A deployment of two ranks that gives each user 40 tokens a second up to 24 users, and no more in all beyond.
private func measured(users: Int, failures: Int = 0) -> BenchReport {
  let start = Instant(nanoseconds: 0)
  let tokenMilliseconds = users <= 24 ? 25 : 25 * users / 24
  let samples = (0..<users).map { number in
    var sample = RequestSample(start: start)
    sample.takeText(at: start + .milliseconds(100 + users))
    sample.takeUsage(
      promptTokens: 10, outputTokens: 41, at: start + .milliseconds(100 + users + 40 * tokenMilliseconds))
    if number < failures { sample.failure = .server(status: 503, "full") }
    return sample
  }
  return BenchReport(
    application: "quickstart", model: "m", elapsed: .milliseconds(41 * tokenMilliseconds), samples: samples)
}

private func swept(_ slo: String?) throws -> (sweep: Sweep, report: SweepReport) {
  var sweep = Sweep(
    1...256, from: 1, objective: try slo.map { text throws(UsageError) in try LatencyObjective(text) })
  while let users = sweep.next { sweep.take(measured(users: users), level: users, concurrency: users) }
  return (
    sweep,
    SweepReport(
      application: "quickstart", subject: .concurrency, sweep, isInterrupted: false)
  )
}

@Suite struct `A sweep` {
  @Test func `finds the most users inside its objective, and the knee`() throws {
    let report = try swept("tpot_p95=40ms").report
    #expect(report.best == .known(38) && report.knee == .known(32))
    #expect(report.points.map(\.level) == [1, 2, 4, 8, 16, 32, 36, 38, 40, 48, 64])
    #expect(report.points.filter { $0.isInside == true }.map(\.level).max() == 38)
  }

  @Test func `ends at the knee without an objective`() throws {
    let report = try swept(nil).report
    #expect(report.points.map(\.level) == [1, 2, 4, 8, 16, 32, 64])
    #expect(report.best == nil && report.chosen == 32 && report.points.allSatisfy { $0.isInside == nil })
  }

  @Test func `has nothing inside where a request failed, or where nothing is known`() throws {
    var sweep = Sweep(1...8, from: 2, objective: try LatencyObjective("tpot_p95=1h"))
    sweep.take(measured(users: 2, failures: 1), level: 2, concurrency: 2)
    #expect(sweep.next == 1)
    sweep.take(problem: "not HEALTHY", level: 1, concurrency: 1)
    #expect(sweep.next == nil && sweep.points.allSatisfy { $0.isInside == false })
    let report = SweepReport(
      application: "a", subject: .maxNumSeqs, sweep, isInterrupted: false)
    #expect(report.best == .unknown && report.chosen == nil && report.knee == .unknown)
  }

  @Test(arguments: [
    ("tpot_p95=40ms", SweepReport.Subject.concurrency, 64, "19" as String?),
    ("tpot_p95=40ms", .concurrency, 19, nil),
    ("tpot_p95=40ms", .concurrency, 8, nil), ("tpot_p95=40ms", .maxNumSeqs, 8, "38"),
    ("tpot_p95=1ms", .concurrency, 64, nil),
  ])
  func `proposes the batch that a rank had`(
    slo: String, subject: SweepReport.Subject, batch: Int, proposed: String?
  )
    throws
  {
    var report = try swept(slo).report
    report.subject = subject
    let deployment = SweptDeployment(
      application: "quickstart", path: "a.yaml", maxNumSeqs: batch, objective: nil, ranks: 2, revision: 1)
    let fix = deployment.fix(for: report)
    #expect(
      fix?.after == proposed
        && fix?.path ?? "llm_config.engine_kwargs.max_num_seqs" == "llm_config.engine_kwargs.max_num_seqs")
  }

  @Test(arguments: ["tpot_p95=1h", nil])
  func `proposes nothing where the limit is beyond the last level, or Ctrl-C came before it`(slo: String?)
    throws
  {
    let deployment = SweptDeployment(
      application: "quickstart", path: "a.yaml", maxNumSeqs: 64, objective: nil, ranks: 2, revision: 1)
    let objective = try slo.map { text throws(UsageError) in try LatencyObjective(text) }
    var sweep = Sweep(1...16, from: 1, objective: objective)
    while let users = sweep.next { sweep.take(measured(users: users), level: users, concurrency: users) }
    let open = SweepReport(application: "quickstart", subject: .concurrency, sweep, isInterrupted: false)
    #expect(!open.foundLimit && open.chosen == 16 && deployment.fix(for: open) == nil)
    #expect(SweepText(style: .plain).verdict(open).contains("--to goes further"))
    var interrupted = try swept("tpot_p95=40ms").report
    #expect(deployment.fix(for: interrupted) != nil)
    interrupted.isInterrupted = true
    #expect(deployment.fix(for: interrupted) == nil)
  }

  @Test func `draws the same chart in Braille and in ASCII`() throws {
    let (sweep, report) = try swept("tpot_p95=40ms")
    let chart = SweepChart(report: report, bound: report.decisiveBound(of: sweep.objective))
    try Golden.expect(chart.render(width: 80, glyphs: .braille, depth: .monochrome), "bench/chart.txt")
    try Golden.expect(chart.render(width: 60, glyphs: .ascii, depth: .monochrome), "bench/chart-ascii.txt")
    #expect(chart.render(width: 80, glyphs: .braille, depth: .ansi16).contains("\u{1b}["))
  }

  @Test func `is told as a table, a verdict and a document`() throws {
    let (_, report) = try swept("tpot_p95=40ms")
    let text = SweepText(style: .plain)
    try Golden.expect(text.table(report) + "\n" + text.verdict(report), "bench/sweep.txt")
    var short = report
    short.points = Array(report.points.prefix(1))
    short.fix = FieldChange(path: "a.b", before: "64", after: "19", changeClass: "group-restart")
    try Golden.expect(json(short) + "\n", "bench/sweep.json")
  }

  @Test func `of one run is told as a table and a document`() throws {
    let report = measured(users: 4, failures: 1)
    try Golden.expect(BenchText(style: .plain).render(report) + "\n", "bench/run.txt")
    try Golden.expect(json(report) + "\n", "bench/run.json")
  }
}

@Suite struct `An objective` {
  @Test func `reads bounds of latencies`() throws {
    let objective = try LatencyObjective("ttft_p95=500ms,tpot_mean=0.05,e2el_p99=2s")
    #expect(objective.description == "ttft_p95 500ms, tpot_mean 50.0ms, e2el_p99 2.00s")
  }

  @Test(arguments: [
    "", "ttft_p95", "ttft_p95=", "ttft_p42=1s", "ttfb_p95=1s", "ttft=1s", "ttft_p95=0", "ttft_p95=1s,",
    "a_b_c=1",
  ])
  func `refuses what is none`(text: String) {
    #expect(throws: UsageError.self) { try LatencyObjective(text) }
  }

  @Test(arguments: [(0.5, "p50"), (0.9, "p90"), (0.92, "p95"), (0.99, "p99"), (1.0, "p99")])
  func `has the quantile that covers a goodput`(share: Double, quantile: String) {
    #expect(LatencyObjective.Statistic.covering(share).rawValue == quantile)
  }

  @Test func `is exceeded by what is larger, and by what nobody knows`() throws {
    let objective = try LatencyObjective("tpot_p50=24ms,ttft_p50=1s")
    #expect(objective.missed(by: measured(users: 2)).map(\.latency) == [.tpot])
    #expect(objective.missed(by: measured(users: 0)).count == 2)
  }
}
