import ControlAPI
import Terminal

extension ConsoleState {
  /// Takes an event in at a moment and says what is to be done: pure, so that a session can be played from a test.
  public mutating func update(_ event: ConsoleEvent, at moment: Double) -> [ConsoleEffect] {
    now = moment
    if let notice, notice.until <= now { self.notice = nil }
    switch event {
    case .input(let input): return take(input)
    case .tick: return [.readManifests]
    case .resized(let width, let height):
      self.width = width
      self.height = height
      return [.repaint]
    case .snapshot(let snapshot): take(snapshot)
    case .lost(let error): connection = .lost(error.message)
    case .manifests(let entries): take(entries)
    case .applied(let result): take(result)
    case .done(let text): say(text, .info)
    case .failed(let text): say(text, .error)
    }
    return []
  }

  mutating func say(_ text: String, _ severity: Severity) {
    underway = nil
    notice = Notice(text: text, severity: severity, until: now + (severity == .error ? 30 : 10))
  }

  private mutating func take(_ snapshot: Snapshot) {
    let isFirst = world.status == nil
    world.take(snapshot, at: now)
    connection = .live
    let names = snapshot.status.applications.map(\.name)
    if applicationName == nil || (!names.contains(applicationName ?? "") && underway == nil) {
      applicationName = manifests.lazy.compactMap(\.name).first { names.contains($0) } ?? names.first
    }
    // Someone who calls the console while something runs wants to see that, unless a manifest was asked for.
    if isFirst, !isTouched, screen == .home, !names.isEmpty { screen = .overview }
    if isFirst, !isTouched, screen == .manifest, let name = manifest?.name, names.contains(name) {
      applicationName = name
      screen = .overview
    }
  }

  private mutating func take(_ entries: [ManifestEntry]) {
    let wasChanged = hasManifests && manifest?.text != entries.first { $0.path == manifestPath }?.text
    manifests = entries
    hasManifests = true
    if manifestPath == nil { manifestPath = entries.first?.path }
    if wasChanged, screen == .manifest { say("the file changed; a carries it out", .info) }
  }

  private mutating func take(_ result: ApplyResult) {
    applicationName = result.application
    screen = .overview
    let fields = result.changes.map { change in
      "\(change.path): \(change.before ?? Units.unknown) → \(change.after ?? Units.unknown)"
    }
    switch result.outcome {
    case .created: say("\(result.application) is being started", .info)
    case .unchanged: say("nothing differs from revision \(result.revision)", .info)
    case .updated: say("revision \(result.revision): " + fields.joined(separator: ", "), .info)
    }
  }
}
