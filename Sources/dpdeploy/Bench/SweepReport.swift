import ControlAPI

/// What `dpdeploy bench --sweep` measured, and what follows from it.
struct SweepReport: Codable, Sendable {
  /// What is varied.
  enum Subject: String, Codable, Sendable, CaseIterable {
    /// Users of one deployment as it is.
    case concurrency
    /// Sequences that a rank runs at once.
    case maxNumSeqs = "max_num_seqs"
  }

  /// One level and what was measured at it.
  struct Point: Codable, Sendable {
    /// The value of what is varied.
    var level: Int
    /// The users that were there.
    var concurrency: Int
    /// Whether every request was answered inside the objective; absent without one.
    var isInside: Bool?
    /// Why nothing was measured; absent when something was.
    var problem: String?
    /// What was measured.
    var report: BenchReport?

    enum CodingKeys: String, CodingKey {
      case level, concurrency, problem, report
      case isInside = "inside_objective"
    }

    /// Tokens a second of a run without failures; a run with one is no throughput to go for.
    var throughput: Double? { report.flatMap { $0.isClean ? $0.generationTokensPerSecond : nil } }
  }

  var apiVersion = "dpdeploy/v1"
  var kind = "BenchSweep"
  var schemaVersion = "1.0"
  var application: String
  var subject: Subject
  /// The bounds; absent without any.
  var objective: String?
  /// By level.
  var points: [Point]
  /// The level at the knee; null when nothing was measured.
  var knee: Known<Int>
  /// The highest level inside the objective; absent without one, null when there is none.
  var best: Known<Int>?
  /// Whether a level was outside, or without an objective brought nothing more; otherwise the limit is beyond the last one.
  var foundLimit: Bool
  /// Whether it ended before its search did.
  var isInterrupted: Bool
  /// The change of the manifest that follows; absent when none does.
  var fix: FieldChange?

  enum CodingKeys: String, CodingKey {
    case apiVersion, kind, schemaVersion, application, subject, objective, points, knee, best, fix
    case foundLimit = "limit_found"
    case isInterrupted = "interrupted"
  }

  init(application: String, subject: Subject, _ sweep: Sweep, isInterrupted: Bool) {
    self.application = application
    self.subject = subject
    self.isInterrupted = isInterrupted
    objective = sweep.objective?.description
    points = sweep.points.sorted { $0.level < $1.level }
    foundLimit = sweep.foundLimit
    knee = Known(Self.knee(of: sweep.points))
    best = sweep.objective == nil ? nil : Known(Self.best(of: sweep.points))
  }

  /// The lowest level with nine tenths of the highest throughput: beyond it, more load buys latency and hardly anything else.
  static func knee(of points: [Point]) -> Int? {
    guard let top = points.compactMap(\.throughput).max() else { return nil }
    return points.filter { $0.throughput.map { $0 >= 0.9 * top } ?? false }.map(\.level).min()
  }

  /// The highest level inside the objective below the first one outside it.
  static func best(of points: [Point]) -> Int? {
    points.sorted { $0.level < $1.level }.prefix { $0.isInside == true }.last?.level
  }

  /// The level to settle for.
  var chosen: Int? { best.map(\.value) ?? knee.value }

  /// The bound that the lowest level outside exceeded; the last one when none did, nil without any.
  func decisiveBound(of objective: LatencyObjective?) -> LatencyObjective.Bound? {
    let outside = points.first { $0.isInside == false }?.report
    return outside.flatMap { objective?.missed(by: $0).first } ?? objective?.bounds.last
  }

  func point(at level: Int?) -> Point? { points.first { $0.level == level } }
}
