import CommandLine
import ControlAPI

/// Starts for people: each rank's parts side by side, and what took longest.
struct TimelineText {
  let style: Style

  func render(_ starts: [GroupStart]) -> String { starts.map(render).joined(separator: "\n") }

  private func render(_ start: GroupStart) -> String {
    let phases = StartPhase.allCases.filter { phase in
      start.ranks.contains { $0.seconds(of: phase) != nil }
    }
    let columns = phases.map { $0.rawValue.uppercased() } + ["TOTAL"]
    var table = TextTable(["RANK"] + columns + ["OUTCOME"], numeric: Set(columns))
    for rank in start.ranks {
      table.add(
        [rank.replica] + phases.map { rank.seconds(of: $0).map(Self.seconds) ?? "–" } + [
          Self.seconds(rank.seconds), outcome(rank.outcome),
        ])
    }
    return title(start) + table.render(style: style) + (start.bottleneck.map(words) ?? "")
  }

  private func title(_ start: GroupStart) -> String {
    let time = start.ranks.map(\.startedAt).min() ?? ""
    return style.bold("group \(start.group), epoch \(start.epoch)") + style.dim("  \(time)") + "\n"
  }

  private func words(_ bottleneck: Bottleneck) -> String {
    let owner = bottleneck.replica.map { " of \($0)" } ?? ", which the ranks do together"
    let others = bottleneck.othersSeconds.map { ", the others \(Self.seconds($0)) in the median" } ?? ""
    return "longest: \(bottleneck.phase.rawValue)\(owner), \(Self.seconds(bottleneck.seconds))\(others)\n"
  }

  private func outcome(_ outcome: StartOutcome) -> String {
    switch outcome {
    case .started: style.green(outcome.rawValue)
    case .starting: style.yellow(outcome.rawValue)
    case .failed: style.red(outcome.rawValue)
    }
  }

  /// `0.042 s`, `12.3 s`, `734 s`.
  static func seconds(_ value: Double) -> String {
    let places = value < 1 ? 3 : value < 100 ? 1 : 0
    let scale = [1.0, 10, 100, 1000][places]
    let whole = Int((value * scale).rounded())
    guard places > 0 else { return "\(whole) s" }
    let digits = String(whole % Int(scale))
    return "\(whole / Int(scale))." + String(repeating: "0", count: places - digits.count) + digits + " s"
  }
}
