import CommandLine
import ControlAPI
import ControlClient
import Platform

/// The measurements of a sweep, one after the other.
@Loop
struct SweepRun {
  let run: LoadRun
  /// The load at every level, but for its users.
  let plan: LoadPlan
  /// The users of every batch; nil has as many as fill it.
  let users: Int?
  /// What is swept, if it is an application of ours.
  let deployment: SweptDeployment?
  /// What tries other batches; nil varies the users.
  let trial: BatchTrial?
  let client: ControlClient

  /// Measures level after level until the search is at its end, or Ctrl-C comes.
  func measure(_ sweep: inout Sweep) async throws {
    while let level = sweep.next, !run.interruption.hasCome {
      let users = trial == nil ? level : users ?? min(4096, level * (deployment?.ranks ?? 1))
      if let trial, let problem = try await trial.apply(level) {
        sweep.take(problem: problem, level: level, concurrency: users)
        continue
      }
      if run.interruption.hasCome { return }
      let words = (trial == nil ? "" : "max_num_seqs \(level), ") + "\(users) users"
      // The ingress serves on without a controller, and the words are only for who looks on.
      if let deployment { try? await client.remark("bench: \(words)", on: deployment.application) }
      var plan = plan
      plan.arrival = .concurrency(users)
      let report = await run.report(plan, label: words + " ")
      if report.isInterrupted { return }
      tell(sweep.take(report, level: level, concurrency: users), words)
    }
  }

  private func tell(_ point: SweepReport.Point, _ words: String) {
    guard let report = point.report else { return }
    let verdict = point.isInside.map { $0 ? ", inside" : ", outside" } ?? ""
    run.streams.remark(
      "\(words): \(Quantity.rate(report.generationTokensPerSecond)) tok/s, TTFT p95 "
        + "\(Quantity.seconds(report.ttftSeconds.p95.value)), TPOT p95 "
        + "\(Quantity.seconds(report.tpotSeconds.p95.value)), \(report.failures) failed\(verdict)")
  }
}
