public import ControlAPI

/// The hints for one application, kept from look to look.
public struct Diagnosis: Sendable {
  private struct Key: Hashable, Sendable {
    /// The rule's place in the table.
    let rule: Int
    let replica: String?
  }

  private struct Track: Sendable {
    var finding: Finding
    let firstSeen: Double
    var lastSeen: Double
    let since: String
    var isShown = false
  }

  private let rules: [HintRule]
  private var tracks: [Key: Track] = [:]
  private var restarts: RestartHistory

  /// Looks with all rules.
  ///
  /// - Parameter seesBeginning: whether the application begins now, so that every restart is news; not so for one that was
  ///   taken over from a former controller.
  public init(seesBeginning: Bool = false) {
    rules = HintRule.all
    restarts = RestartHistory(seesBeginning: seesBeginning)
  }

  /// Takes a look and returns the hints that hold, the gravest first.
  public mutating func examine(_ observation: Observation) -> [Hint] {
    var observation = observation
    restarts.note(observation.allRanks, at: observation.time)
    observation.restarts = restarts
    for (index, rule) in rules.enumerated() {
      for finding in rule.find(observation) { note(finding, index, observation) }
    }
    tracks = tracks.filter { observation.time - $1.lastSeen < rules[$0.rule].timing.clearAfter }
    return hints
  }

  private mutating func note(_ finding: Finding, _ rule: Int, _ observation: Observation) {
    let key = Key(rule: rule, replica: finding.replica)
    var track =
      tracks[key]
      ?? Track(
        finding: finding, firstSeen: observation.time, lastSeen: observation.time,
        since: observation.timestamp)
    track.finding = finding
    track.lastSeen = observation.time
    track.isShown =
      track.isShown || observation.time - track.firstSeen >= rules[rule].timing.raiseAfter
    tracks[key] = track
  }

  private var hints: [Hint] {
    let shown = tracks.filter(\.value.isShown)
    let explained = Set(shown.keys.flatMap { rules[$0.rule].explains })
    return shown.filter { !explained.contains(rules[$0.key.rule].id) }
      .sorted { isGraver($0, $1) }
      .map { rules[$0.key.rule].hint($0.value.finding, since: $0.value.since) }
  }

  private func isGraver(_ left: (key: Key, value: Track), _ right: (key: Key, value: Track)) -> Bool {
    let (first, second) = (severity(left.key, left.value), severity(right.key, right.value))
    if first != second { return first > second }
    return (left.key.rule, left.key.replica ?? "") < (right.key.rule, right.key.replica ?? "")
  }

  private func severity(_ key: Key, _ track: Track) -> Severity {
    track.finding.severity ?? rules[key.rule].severity
  }
}

extension HintRule {
  fileprivate func hint(_ finding: Finding, since: String) -> Hint {
    Hint(
      id: id, severity: finding.severity ?? severity, confidence: finding.confidence,
      title: finding.title ?? title, cause: cause, evidence: finding.evidence,
      field: finding.fix?.field ?? field, current: finding.fix?.current, value: finding.fix?.proposed,
      alongside: finding.fix.flatMap { $0.alongside.isEmpty ? nil : $0.alongside },
      advice: finding.advice ?? remedy, runbook: Runbook.place(of: id), since: since,
      replica: finding.replica)
  }
}
