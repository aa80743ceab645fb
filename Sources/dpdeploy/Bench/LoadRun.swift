import CommandLine
import Platform

/// Runs of load against one target, each with its progress on a terminal; Ctrl-C ends the one that is under way.
@Loop
struct LoadRun {
  let target: ServingTarget
  let interruption: Interruption
  let streams: StandardStreams

  /// Offers the load of `plan` and reports what was measured, be it to the end or until Ctrl-C.
  func report(_ plan: LoadPlan, label: String = "") async -> BenchReport {
    let generator = LoadGenerator(plan, endpoint: target.endpoint, model: target.model)
    interruption.onCome = { generator.interrupt() }
    if interruption.hasCome { generator.interrupt() }
    let progress = Loop.task { await self.showProgress(generator, plan, label) }
    let elapsed = await generator.run()
    interruption.onCome = nil
    progress.cancel()
    await progress.value
    return BenchReport(
      application: target.application, model: target.model, elapsed: elapsed, samples: generator.counted,
      isInterrupted: generator.isInterrupted)
  }

  private func showProgress(_ generator: LoadGenerator, _ plan: LoadPlan, _ label: String) async {
    guard streams.isErrorTerminal else { return }
    var line = ProgressLine(isTerminal: true, width: streams.width)
    let start = Instant.now
    while !Task.isCancelled {
      let ofTime = plan.duration.map { (Instant.now - start).inSeconds / max($0.inSeconds, 1e-9) } ?? 0
      let ofRequests = plan.requestLimit.map { Double(generator.samples.count) / Double($0) } ?? 0
      let failed = generator.samples.count { $0.failure != nil }
      streams.error(
        line.update(
          "\(label)\(ProgressLine.bar(max(ofTime, ofRequests), cells: 24)) \(generator.samples.count) done, "
            + "\(generator.inFlight) in flight, \(failed) failed"))
      await Loop.sleep(for: .milliseconds(200))
    }
    streams.error(line.clear())
  }
}
