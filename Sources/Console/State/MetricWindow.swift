/// Over how long an application's rates and percentiles are taken, in seconds.
public enum MetricWindow: Int, Sendable, CaseIterable {
  case seconds = 10
  case minute = 60
  case minutes = 300

  /// As people read and type it.
  var name: String { Units.span(Double(rawValue)) }

  /// The next longer one, after the longest the shortest.
  var next: MetricWindow {
    let all = Self.allCases
    return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
  }
}
