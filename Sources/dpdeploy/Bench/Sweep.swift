/// The course of a sweep: which level comes next by what was measured so far.
struct Sweep: Sendable {
  let objective: LatencyObjective?
  private(set) var points: [SweepReport.Point] = []
  private var search: LimitSearch

  /// Without an objective it doubles as long as that brings a twentieth more tokens a second; with one it goes for the limit.
  init(_ range: ClosedRange<Int>, from start: Int, objective: LatencyObjective?) {
    self.objective = objective
    search = LimitSearch(range, from: start, refines: objective != nil)
  }

  /// Whether a level was seen at which it did not hold: without one, the limit is beyond what was tried.
  var foundLimit: Bool { search.failed != nil }

  /// The level to measure next; nil at the end.
  var next: Int? { search.next }

  /// Takes what was measured at a level; gives the point that it became.
  @discardableResult
  mutating func take(_ report: BenchReport, level: Int, concurrency: Int) -> SweepReport.Point {
    let isInside = objective.map { report.isClean && $0.missed(by: report).isEmpty }
    let point = SweepReport.Point(
      level: level, concurrency: concurrency, isInside: isInside, report: report)
    search.take(level, holds: isInside ?? brings(point))
    points.append(point)
    return point
  }

  /// Takes that a level cannot be had at all.
  mutating func take(problem: String, level: Int, concurrency: Int) {
    search.take(level, holds: false)
    points.append(
      SweepReport.Point(
        level: level, concurrency: concurrency, isInside: objective == nil ? nil : false, problem: problem))
  }

  private func brings(_ point: SweepReport.Point) -> Bool {
    guard let throughput = point.throughput else { return false }
    return points.compactMap(\.throughput).max().map { throughput >= 1.05 * $0 } ?? true
  }
}
