import CommandLine
import ControlAPI
import Testing

@testable import dpdeploy

@Suite struct `The text of a history` {
  private let history = MetricHistory(
    application: "demo", stepSeconds: 60,
    steps: [
      HistoryStep(
        time: "2026-08-01T10:00:00.000Z",
        values: [.requestsPerSecond: 151.26, .errorRatio: 0.0149, .ttftP95Seconds: 0.0072, .runningMax: 12]),
      HistoryStep(
        time: "2026-08-01T10:01:00.000Z",
        values: [.requestsPerSecond: 0, .errorRatio: nil, .ttftP95Seconds: nil, .runningMax: nil]),
    ])

  @Test func `has a line a step, and a dash for what nobody knew`() {
    let metrics: [HistoryMetric] = [.requestsPerSecond, .errorRatio, .ttftP95Seconds, .runningMax]
    #expect(
      HistoryText(style: .plain, metrics: metrics).render(history) == """
        TIME                  REQ/S  ERR  TTFT95  RUNNING_MAX
        2026-08-01T10:00:00Z    151   1%   7.2ms         12.0
        2026-08-01T10:01:00Z    0.0    –       –            –

        """)
  }

  @Test func `says so when nothing is known`() {
    let empty = MetricHistory(application: "demo", stepSeconds: 1, steps: [])
    #expect(
      HistoryText(style: .plain, metrics: [.running]).render(empty) == "Nothing is known of that time.\n")
  }

  @Test func `is for scripts an object in which the unknown is null`() {
    var short = history
    short.steps.removeFirst()
    short.steps[0].values = short.steps[0].values.filter { $0.key == "error_ratio" }
    #expect(
      json(short, isPretty: false) == """
        {"apiVersion":"dpdeploy/v1","application":"demo","kind":"MetricHistory","schemaVersion":"1.0",\
        "stepSeconds":60,"steps":[{"time":"2026-08-01T10:01:00.000Z","values":{"error_ratio":null}}]}
        """)
  }
}
