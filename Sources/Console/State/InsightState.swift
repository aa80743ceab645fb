public import ControlAPI

/// The looks into the chosen application, and what of them is shown.
public struct InsightState: Sendable, Equatable {
  /// Of a recording, the looks of all its applications; else those of the one that was asked about last.
  private var books: [String: LookBook] = [:]
  private var isUnlimited = false
  private var problem: (application: String, error: ControlError)?
  private var askedFor: String?
  private var answered: (application: String, time: Double)?
  /// The distribution in view.
  public private(set) var metric = LatencyMetric.ttft

  init() {}

  /// Forgets nothing, as of a recording.
  mutating func keepAll() { isUnlimited = true }

  /// What was seen of an application at a moment, nil for the present; nil when nothing was.
  func shown(of name: String?, at moment: Double?) -> Insight? {
    guard let name, let book = books[name] else { return nil }
    if let moment { return book.look(at: moment) }
    return problem?.application == name ? nil : book.newest
  }

  /// Why nothing can be shown of the present.
  func problem(of name: String?) -> String? {
    problem?.application == name ? problem?.error.message : nil
  }

  /// Whether it is time for another look: once a second, one at a time.
  func isDue(of name: String, at now: Double) -> Bool {
    askedFor != name && (answered?.application != name || now - (answered?.time ?? now) >= 0.9)
  }

  mutating func ask(_ name: String) { askedFor = name }

  mutating func take(_ answer: Result<Insight, ControlError>, of name: String, at now: Double) {
    (answered, askedFor, problem) = ((name, now), nil, nil)
    if !isUnlimited, books[name] == nil { books = [:] }
    switch answer {
    case .success(let look):
      books[name, default: LookBook(isUnlimited: isUnlimited)].take(look, at: now)
    case .failure(let error): problem = (name, error)
    }
  }

  /// Shows another metric.
  mutating func turn(_ steps: Int) {
    let all = LatencyMetric.allCases
    let index = all.firstIndex(of: metric) ?? 0
    metric = all[min(max(0, index + steps), all.count - 1)]
  }

  /// Compares what can be seen, not what is on its way.
  public static func == (left: InsightState, right: InsightState) -> Bool {
    left.books == right.books && left.metric == right.metric
      && left.problem?.application == right.problem?.application
      && left.problem?.error == right.problem?.error
  }
}
