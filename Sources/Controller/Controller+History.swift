import ControlAPI
import Glibc
import History
import Platform

/// What is kept of the applications' past.
extension Controller {
  /// More steps than this are too many for one answer.
  private static let mostSteps = 10_000

  /// The past of an application or of one of its ranks, in equal steps up to now.
  func history(of name: String, _ query: HistoryQuery) async throws(ControlError) -> MetricHistory {
    let runner = try application(name)
    let wanted = query.step ?? HistoryStretch.pleasantStep(over: query.since)
    let tier = HistoryTier.reaching(query.since, step: wanted)
    let step = (wanted + tier.step - 1) / tier.step * tier.step
    guard query.since / step < Self.mostSteps else {
      throw ControlError(
        code: "bad-request",
        message:
          "\(query.since) s in steps of \(step) s are more than \(Self.mostSteps) steps; take longer steps",
        exitCode: 2)
    }
    let until = Int(WallClock.secondsSinceEpoch)
    let from = max(0, until - query.since)
    let blocks = try await blocks(of: runner, step: tier.step, after: from)
    let series = query.rank.map { HistoryBlock.Series.rank(group: query.group ?? 0, rank: $0) }
    let stretch = HistoryStretch(
      of: series ?? .application, in: blocks, from: from, until: until, step: step)
    return MetricHistory(
      application: name, group: query.rank == nil ? nil : query.group ?? 0, rank: query.rank,
      stepSeconds: step,
      steps: steps(of: stretch, query))
  }

  /// What is stored, and the minute that goes on.
  private func blocks(
    of runner: any RunningApplication, step: Int, after time: Int
  ) async throws(ControlError) -> [HistoryBlock] {
    while true {
      let minute = runner.recorder.open?.start
      let stored: [HistoryBlock]
      do {
        stored = try await surroundings.store.history(of: runner.stored.name, step: step, after: time)
      } catch {
        throw ControlError(code: "store-failed", message: "the history cannot be read: \(error)")
      }
      // A minute that ended meanwhile may be in what was read, or not.
      if runner.recorder.open?.start == minute { return stored + [runner.recorder.open].compactMap(\.self) }
    }
  }

  private func steps(of stretch: HistoryStretch, _ query: HistoryQuery) -> [HistoryStep] {
    let chosen = query.metrics.isEmpty ? HistoryMetric.allCases : query.metrics
    let metrics = chosen.filter { query.rank == nil || $0.appliesToRanks }
    return stretch.samples.enumerated().map { place, sample in
      HistoryStep(
        time: Timestamp.text(Double(stretch.start + place * stretch.step)),
        values: Dictionary(
          metrics.map { metric in (metric, sample.flatMap(metric.value)) },
          uniquingKeysWith: { first, _ in first }))
    }
  }
}
