import ControlAPI

/// Looks into one application, as many as memory allows, for going back in time.
///
/// Each look tells the last ten minutes of latencies again, second by second: these seconds are kept once.
struct LookBook: Sendable, Equatable {
  private struct Look: Sendable, Equatable {
    var time: Double
    /// Without the seconds of its distributions.
    var insight: Insight
    var size: Int
  }

  /// Numbers of all looks together, eight bytes each.
  private static let mostNumbers = 200_000
  private static let longest = 600
  /// The seconds that a heat map shows.
  private static let shownSeconds = 600.0
  /// A look that is older than this says nothing about a moment.
  private static let patience = 2.5

  /// A recording is looked at as a whole, however long.
  let isUnlimited: Bool
  private var looks: [Look] = []
  private var size = 0
  private var columns: [LatencyMetric: [LatencyColumn]] = [:]

  init(isUnlimited: Bool) { self.isUnlimited = isUnlimited }

  mutating func take(_ insight: Insight, at time: Double) {
    var insight = insight
    for index in insight.latency.distributions.indices {
      add(insight.latency.distributions[index].columns, to: insight.latency.distributions[index].metric)
      insight.latency.distributions[index].columns = []
    }
    let look = Look(time: time, insight: insight, size: Self.size(of: insight))
    looks.append(look)
    size += look.size
    while !isUnlimited, looks.count > 1, looks.count > Self.longest || size > Self.mostNumbers {
      size -= looks.removeFirst().size
    }
  }

  /// The newest look.
  var newest: Insight? { looks.last.map { whole($0, at: $0.time) } }

  /// The look of a moment; nil when there was none.
  func look(at moment: Double) -> Insight? {
    looks.last { $0.time <= moment }.flatMap { look in
      moment - look.time <= Self.patience ? whole(look, at: moment) : nil
    }
  }

  /// The look with the seconds that were over by then.
  private func whole(_ look: Look, at moment: Double) -> Insight {
    var insight = look.insight
    for index in insight.latency.distributions.indices {
      let known = columns[insight.latency.distributions[index].metric] ?? []
      insight.latency.distributions[index].columns = known.filter {
        $0.time <= moment && $0.time > moment - Self.shownSeconds
      }
    }
    return insight
  }

  private mutating func add(_ new: [LatencyColumn], to metric: LatencyMetric) {
    var known = columns[metric] ?? []
    let last = known.last?.time ?? -.infinity
    known += new.filter { $0.time > last }
    // Twice what is shown, so that the oldest look that is kept has its own past.
    if !isUnlimited { known.removeFirst(max(0, known.count - 2 * Int(Self.shownSeconds))) }
    columns[metric] = known
  }

  private static func size(of insight: Insight) -> Int {
    let percentiles = insight.latency.distributions.reduce(0) { $0 + $1.percentiles.count + 10 }
    let rows = insight.experts.map { $0.rows.reduce(0) { $0 + $1.count } + 6 * $0.time.count } ?? 0
    return percentiles + rows + 100
  }
}
