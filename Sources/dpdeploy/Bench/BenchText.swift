import CommandLine
import ControlAPI

/// A report of `dpdeploy bench` as text for people.
struct BenchText {
  let style: Style

  func render(_ report: BenchReport) -> String {
    var lines = [
      "\(style.bold(report.application))  \(report.requests) requests in \(Quantity.seconds(report.elapsedSeconds)), "
        + failures(report),
      "",
      "requests    \(Quantity.rate(report.requestsPerSecond)) /s",
      "tokens out  \(Quantity.rate(report.generationTokensPerSecond)) /s",
      "tokens in   \(Quantity.rate(report.promptTokensPerSecond)) /s",
      "",
    ]
    let numeric = ["P50", "P90", "P99", "MEAN", "N"]
    var table = TextTable(["LATENCY"] + numeric, numeric: Set(numeric))
    table.add(row("TTFT", report.ttftSeconds))
    table.add(row("TPOT", report.tpotSeconds))
    table.add(row("request", report.requestSeconds))
    lines.append(table.render(style: style))
    return lines.joined(separator: "\n").trimmingEnd()
  }

  private func failures(_ report: BenchReport) -> String {
    guard report.failures > 0 else { return style.green("no failure") }
    let kinds = report.failureKinds.sorted { $0.value > $1.value }.map { "\($0.value) \($0.key)" }
    return style.red("\(report.failures) failed") + " (\(kinds.joined(separator: ", ")))"
  }

  private func row(_ name: String, _ summary: LatencySummary) -> [String] {
    let values = [summary.p50, summary.p90, summary.p99, summary.mean].map { Quantity.seconds($0.value) }
    return [name] + values + [String(summary.count)]
  }
}

extension String {
  fileprivate func trimmingEnd() -> String {
    var text = self
    while text.last?.isNewline == true { text.removeLast() }
    return text
  }
}
