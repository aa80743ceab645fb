import Platform
import Telemetry

/// Measures the steps in which this rank had tokens: their phases as histograms, and the latest of them one by one.
@Loop
final class StepMetrics {
  /// How many steps are kept for a trace.
  nonisolated static let keptSteps = 1024

  private(set) var phases: [(name: String, histogram: Histogram)] = Phase.all.map {
    ($0.name, Histogram(bounds: BucketBounds.stepPhases))
  }
  private(set) var chunks = Histogram(bounds: BucketBounds.chunks)
  /// KV blocks of the prefix cache that were overwritten.
  private(set) var evictions: UInt64 = 0
  private var kept: [StepTrace.Step] = []
  private var next = 0

  /// A phase's name in `/metrics` and how long it took.
  private struct Phase {
    let name: String
    let duration: @Sendable (StepPhases) -> Duration

    static let all = [
      Phase(name: "schedule") { $0.schedule }, Phase(name: "agree") { $0.agree },
      Phase(name: "attention") { $0.forward - $0.experts }, Phase(name: "experts") { $0.experts },
      Phase(name: "wait") { $0.wait }, Phase(name: "sample") { $0.sample }, Phase(name: "step") { $0.whole },
    ]
  }

  /// Adds a step.
  func observe(_ report: StepReport) {
    for (index, phase) in Phase.all.enumerated() {
      phases[index].histogram.observe(max(0, phase.duration(report.phases).inSeconds))
    }
    chunks.observe(Double(report.phases.chunks))
    evictions = report.evictions
    let step = StepTrace.Step(phases: report.phases, tokens: report.computedTokens)
    if kept.count < Self.keptSteps { kept.append(step) } else { kept[next] = step }
    next = (next + 1) % Self.keptSteps
  }

  /// The latest `count` steps, oldest first; fewer when there are no more.
  func latest(_ count: Int) -> [StepTrace.Step] {
    let ordered = kept.count < Self.keptSteps ? kept : Array(kept[next...] + kept[..<next])
    return ordered.suffix(max(0, count))
  }
}
