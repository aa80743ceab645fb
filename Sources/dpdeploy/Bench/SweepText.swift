import CommandLine
import ControlAPI

/// The outcome of a sweep as text for people.
struct SweepText {
  let style: Style

  /// Everything but the chart: a table of the levels.
  func table(_ report: SweepReport) -> String {
    let isBatch = report.subject == .maxNumSeqs
    let numbers =
      (isBatch ? ["MAX_NUM_SEQS"] : []) + [
        "USERS", "REQ/S", "TOK/S", "TTFT P50", "TTFT P95", "TPOT P50", "TPOT P95", "FAILED",
      ]
    var table = TextTable(numbers + [""], numeric: Set(numbers))
    for point in report.points {
      let cells = [isBatch ? "\(point.level)" : nil, "\(point.concurrency)"].compactMap(\.self)
      table.add(cells + measured(point.report) + [marks(point, report)])
    }
    return table.render(style: style)
  }

  /// What the numbers say, a line each.
  func verdict(_ report: SweepReport) -> String {
    var lines = [knee(report), best(report)].compactMap(\.self)
    if report.isInterrupted { lines.append(style.yellow("interrupted: what was measured so far")) }
    return lines.map { $0 + "\n" }.joined()
  }

  private func measured(_ report: BenchReport?) -> [String] {
    guard let report else { return Array(repeating: Quantity.unknown, count: 7) }
    let latencies = [
      report.ttftSeconds.p50, report.ttftSeconds.p95, report.tpotSeconds.p50, report.tpotSeconds.p95,
    ]
    return [Quantity.rate(report.requestsPerSecond), Quantity.rate(report.generationTokensPerSecond)]
      + latencies.map { Quantity.seconds($0.value) } + ["\(report.failures)"]
  }

  private func marks(_ point: SweepReport.Point, _ report: SweepReport) -> String {
    let marks = [
      point.level == report.best?.value ? style.green("best") : nil,
      point.isInside == false ? style.red(point.problem ?? "outside") : point.problem.map(style.red),
      point.level == report.knee.value ? "knee" : nil,
    ]
    return marks.compactMap(\.self).joined(separator: ", ")
  }

  private func knee(_ report: SweepReport) -> String? {
    report.point(at: report.knee.value).map {
      "\(style.bold("knee")) at \(name($0, report)): \(Quantity.rate($0.throughput)) tok/s, within a tenth of the most"
        + (report.objective == nil ? further(report, "more was still to be had") : "")
    }
  }

  private func best(_ report: SweepReport) -> String? {
    guard let best = report.best, let objective = report.objective else { return nil }
    guard let point = report.point(at: best.value) else {
      return style.red("no level is inside \(objective)")
    }
    let rest =
      "\(style.bold("best")) at \(name(point, report)): \(Quantity.rate(point.throughput)) tok/s inside \(objective)"
    return rest + further(report, "nothing was outside")
  }

  private func further(_ report: SweepReport, _ reason: String) -> String {
    report.foundLimit || report.isInterrupted ? "" : "; \(reason) at the end, --to goes further"
  }

  private func name(_ point: SweepReport.Point, _ report: SweepReport) -> String {
    report.subject == .concurrency ? "\(point.level) users" : "max_num_seqs \(point.level)"
  }
}
