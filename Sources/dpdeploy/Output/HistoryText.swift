import CommandLine
import ControlAPI

/// The past for people: a line a step.
struct HistoryText {
  let style: Style
  let metrics: [HistoryMetric]

  func render(_ history: MetricHistory) -> String {
    guard !history.steps.isEmpty else { return "Nothing is known of that time.\n" }
    let columns = metrics.map(Self.title)
    var table = TextTable(["TIME"] + columns, numeric: Set(columns))
    for step in history.steps {
      table.add([step.time.replacing(".000Z", with: "Z")] + metrics.map { Self.text($0, step[$0]) })
    }
    return table.render(style: style)
  }

  /// Unit and sense of a number are in its metric's name.
  private static func text(_ metric: HistoryMetric, _ value: Double?) -> String {
    if metric.rawValue.hasSuffix("_seconds") { return Quantity.seconds(value) }
    if metric.rawValue.hasSuffix("_ratio") { return Quantity.percent(value) }
    return Quantity.rate(value)
  }

  /// The words of `status`, and where it has none, the metric's own.
  private static func title(_ metric: HistoryMetric) -> String {
    switch metric {
    case .requestsPerSecond: "REQ/S"
    case .errorRatio: "ERR"
    case .generationTokensPerSecond: "TOK/S"
    case .ttftP50Seconds: "TTFT"
    case .ttftP95Seconds: "TTFT95"
    case .tpotP50Seconds: "TPOT"
    case .tpotP95Seconds: "TPOT95"
    case .queueDepth: "QUEUE"
    case .running: "RUN"
    case .waiting: "WAIT"
    case .kvUsageRatio: "KV"
    case .gpuUtilizationRatio: "UTIL"
    default: metric.rawValue.uppercased()
    }
  }
}
