import ControlAPI
import Terminal

extension ConsoleState {
  /// Takes an event in at a moment and says what is to be done: pure, so that a session can be played from a test.
  public mutating func update(_ event: ConsoleEvent, at moment: Double) -> [ConsoleEffect] {
    now = moment
    if let notice, notice.until <= now { self.notice = nil }
    switch event {
    case .input(let input): return take(input)
    case .tick:
      play()
      return [.readManifests] + wishes()
    case .resized(let width, let height):
      self.width = width
      self.height = height
      return [.repaint]
    case .snapshot(let snapshot):
      take(snapshot)
      return alerts(of: snapshot)
    case .lost(let error):
      connection = .lost(error.message)
      return alertsOfBlindness(error)
    case .machines(let machines): ownMachines = machines
    case .manifests(let entries): take(entries)
    case .applied(let result): take(result)
    case .planned(let text, let answer):
      if pages.planned?.text == text { pages.planned?.answer = answer }
    case .fixProposed(let answer): take(answer)
    case .revisions(let application, let answer): take(answer, of: application)
    case .insight(let application, let answer): insight.take(answer, of: application, at: now)
    case .logs(let page): logs.take(page, at: now)
    case .logsFailed(let error):
      logs.isAsked = false
      say(error.message, .error)
    case .begun(let action, let application):
      underway = nil
      begin(action, of: application)
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
    settleUndertakings()
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

  private mutating func take(_ answer: Result<RevisionList, ControlError>, of application: String) {
    pages.isAskingRevisions = false
    switch answer {
    case .success(let list): pages.revisions = (application, list.revisions)
    case .failure(let error): say(error.message, .error)
    }
  }

  /// What the screen in view needs and has not got: asked once, and again when it is out of date.
  mutating func wishes() -> [ConsoleEffect] {
    guard replay == nil else { return [] }
    return wishForLook() + wishesOfScreen()
  }

  /// Looks are large: one is taken only where somebody sees it, or a recording keeps it.
  private mutating func wishForLook() -> [ConsoleEffect] {
    guard [.latency, .experts].contains(screen) || recordingPath != nil, let application = applicationName,
      insight.isDue(of: application, at: now)
    else { return [] }
    insight.ask(application)
    return [.lookInto(application: application)]
  }

  private mutating func wishesOfScreen() -> [ConsoleEffect] {
    switch screen {
    case .logs:
      // Of the past only what there was before it is read; what comes meanwhile is read later.
      guard let application = applicationName, !logs.isAsked, frozen == nil || logs.cursor == nil else {
        return []
      }
      logs.open(application: application, replica: logs.replica)
      logs.isAsked = true
      return [.readLogs(application: application, replica: logs.replica, cursor: logs.cursor)]
    case .manifest where pages.page == .diff:
      guard let entry = manifest, entry.name != nil, pages.planned?.text != entry.text else { return [] }
      pages.planned = ManifestPages.Planned(text: entry.text)
      return [.plan(path: entry.path, text: entry.text)]
    case .manifest where pages.page == .history:
      guard let name = manifest?.name ?? applicationName, world.application(name) != nil,
        pages.revisions?.application != name, !pages.isAskingRevisions
      else { return [] }
      pages.isAskingRevisions = true
      return [.readRevisions(application: name)]
    default: return []
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
    pages.planned = nil
    pages.revisions = nil
    let changes = result.changes.map { change in
      let name = change.path.split(separator: ".").last.map(String.init) ?? change.path
      return "\(name): \(change.before ?? Units.unknown) → \(change.after ?? Units.unknown)"
    }.joined(separator: ", ")
    if result.outcome != .unchanged {
      begin(.revision(result.revision, changes: changes), of: result.application)
    }
    switch result.outcome {
    case .created: say("\(result.application) is being started", .info)
    case .unchanged: say("nothing differs from revision \(result.revision)", .info)
    case .updated: say("revision \(result.revision): \(changes)", .info)
    }
  }
}
