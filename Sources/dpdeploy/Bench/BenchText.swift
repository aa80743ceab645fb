import CommandLine
import ControlAPI

/// A report of `dpdeploy bench` as text for people.
struct BenchText {
  let style: Style

  func render(_ report: BenchReport) -> String {
    var lines = [
      "\(style.bold(report.application))  \(report.requests) requests in \(Quantity.seconds(report.elapsedSeconds)), "
        + failures(report) + (report.isInterrupted ? style.yellow(", interrupted") : ""),
      "",
      "requests    \(Quantity.rate(report.requestsPerSecond)) /s",
      "tokens out  \(Quantity.rate(report.generationTokensPerSecond)) /s",
      "tokens in   \(Quantity.rate(report.promptTokensPerSecond)) /s",
      "",
    ]
    let numeric = ["MEAN", "P50", "P95", "P99", "N"]
    var table = TextTable(["LATENCY"] + numeric, numeric: Set(numeric))
    table.add(row("TTFT", report.ttftSeconds))
    table.add(row("TPOT", report.tpotSeconds))
    table.add(row("ITL", report.itlSeconds))
    table.add(row("E2EL", report.e2elSeconds))
    lines.append(table.render(style: style))
    return lines.joined(separator: "\n").trimmingEnd()
  }

  private func failures(_ report: BenchReport) -> String {
    guard report.requests > 0 else { return style.red("none finished") }
    guard report.failures > 0 else { return style.green("no failure") }
    let kinds = report.failureKinds.sorted { $0.value > $1.value }.map { "\($0.value) \($0.key)" }
    return style.red("\(report.failures) failed") + " (\(kinds.joined(separator: ", ")))"
  }

  private func row(_ name: String, _ latency: Distribution) -> [String] {
    let values = [latency.mean, latency.p50, latency.p95, latency.p99].map { Quantity.seconds($0.value) }
    return [name] + values + [String(latency.count)]
  }
}

extension String {
  fileprivate func trimmingEnd() -> String {
    var text = self
    while text.last?.isNewline == true { text.removeLast() }
    return text
  }
}
