public import ControlAPI

/// The last look into an application, and what of it is shown.
public struct InsightState: Sendable, Equatable {
  private var application: String?
  private var answer: Result<Insight, ControlError>?
  private var askedFor: String?
  private var answeredAt = -Double.infinity
  /// The distribution in view.
  public private(set) var metric = LatencyMetric.ttft

  init() {}

  /// What was seen of an application; nil while nothing was.
  public func shown(of name: String?) -> Insight? {
    guard name == application, case .success(let insight) = answer else { return nil }
    return insight
  }

  /// Why nothing can be shown.
  func problem(of name: String?) -> String? {
    guard name == application, case .failure(let error) = answer else { return nil }
    return error.message
  }

  /// Whether it is time for another look: once a second, one at a time.
  func isDue(of name: String, at now: Double) -> Bool {
    askedFor != name && (application != name || now - answeredAt >= 0.9)
  }

  mutating func ask(_ name: String) { askedFor = name }

  mutating func take(_ answer: Result<Insight, ControlError>, of name: String, at now: Double) {
    (application, self.answer, answeredAt, askedFor) = (name, answer, now, nil)
  }

  /// Shows another metric.
  mutating func turn(_ steps: Int) {
    let all = LatencyMetric.allCases
    let index = all.firstIndex(of: metric) ?? 0
    metric = all[min(max(0, index + steps), all.count - 1)]
  }
}
