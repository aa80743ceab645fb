public import ControlAPI
import Terminal

extension ConsoleState {
  /// The rank or ingress replica that the keys act on.
  public var chosenReplica: ReplicaStatus? {
    let isIngress = screen == .ingress || (screen == .replica && isDetailOfIngress)
    let replicas = isIngress ? ingress : ranks
    let id = isIngress ? selectedIngress : selectedRank
    return replicas.first { $0.id == id } ?? replicas.first
  }

  /// Whether the screen has a chosen replica.
  private var isAboutReplicas: Bool { [.overview, .replicas, .replica, .ingress].contains(screen) }

  mutating func askRestart() {
    guard isAboutReplicas else { return }
    guard let name = applicationName, let replica = chosenReplica else {
      return say("there is no replica to restart", .warning)
    }
    ask(.restart(replica: replica.id, application: name))
  }

  /// Asks to keep requests away from the chosen replica, or, where they are, to let them at it again.
  mutating func askDrain() {
    guard isAboutReplicas else { return }
    guard let name = applicationName, let replica = chosenReplica else {
      return say("there is no replica to drain", .warning)
    }
    let isCordoned = [.cordoned, .drained].contains(replica.state)
    ask(.cordon(CordonRequest(isCordoned ? .uncordon : .drain, [replica.id]), application: name))
  }

  /// Asks for other numbers: of ingress replicas where these are in view, else of groups.
  mutating func askScale(by steps: Int) {
    guard isAboutReplicas, let name = applicationName, let application = world.application(name) else {
      return
    }
    let isIngress = screen == .ingress || (screen == .replica && isDetailOfIngress)
    let groups = application.scale?.replicas ?? Set(application.replicas(.rank).map { $0.group ?? 0 }).count
    let number = (isIngress ? application.readiness(.ingress).target : groups) + steps
    guard number > 0 else { return say("there must be one at least", .warning) }
    ask(
      .scale(
        isIngress ? ScaleRequest(ingressReplicas: number) : ScaleRequest(replicas: number), application: name)
    )
  }

  /// Puts a question, unless nothing may be changed from here.
  mutating func ask(_ question: Question) {
    if mayChange() { self.question = question }
  }

  /// Whether something may be changed; says so when not.
  mutating func mayChange() -> Bool {
    if isReadOnly { say("read-only: nothing can be changed from here", .warning) }
    if replay != nil { say("a recording: nothing can be changed", .warning) }
    return !isReadOnly && replay == nil
  }

  mutating func askDelete() {
    var name = applicationName
    if screen == .home, homeRows.indices.contains(homeList.selection) {
      guard case .application(let chosen) = homeRows[homeList.selection] else {
        return say("a manifest is a file of yours; only what runs can be deleted here", .warning)
      }
      name = chosen
    }
    guard let name, world.application(name) != nil else {
      return say("there is no application to delete", .warning)
    }
    ask(.delete(application: name, typed: TextField()))
  }

  mutating func askApply() -> [ConsoleEffect] {
    guard mayChange() else { return [] }
    if screen == .home, homeRows.indices.contains(homeList.selection),
      case .manifest(let path) = homeRows[homeList.selection]
    {
      manifestPath = path
    }
    guard let entry = chosenManifest else {
      say("no manifest to carry out; Esc lists them", .warning)
      return []
    }
    manifestPath = entry.path
    guard let name = entry.name else {
      screen = .manifest
      say("the manifest has errors; mend the file, it is read again by itself", .error)
      return []
    }
    guard world.application(name) == nil else {
      question = .reapply(path: entry.path, application: name)
      return []
    }
    return launch(entry.path, name)
  }

  /// On screens of an application, the manifest that describes it; else the one in view.
  private var chosenManifest: ManifestEntry? {
    guard screen != .manifest, screen != .home, let name = applicationName else { return manifest }
    let applied = world.application(name)?.manifestPath
    return manifests.first {
      $0.name == name && ($0.path == applied || applied?.hasSuffix("/" + $0.path) == true)
    }
      ?? manifests.first { $0.name == name } ?? manifest
  }

  private mutating func launch(_ path: String, _ name: String) -> [ConsoleEffect] {
    underway = "carrying out \(path)"
    applicationName = name
    return [.apply(path: path)]
  }

  /// Asks about the revision that is chosen in the history.
  mutating func askRollBack() {
    guard screen == .manifest, pages.page == .history, let revisions = pages.revisions else { return }
    let newestFirst = Array(revisions.list.reversed())
    guard newestFirst.indices.contains(pages.chosenRevision) else { return }
    let revision = newestFirst[pages.chosenRevision]
    guard !revision.isCurrent else { return say("revision \(revision.number) holds now", .warning) }
    ask(.rollBack(application: revisions.application, to: revision.number))
  }

  mutating func answer(_ input: InputEvent) -> [ConsoleEffect] {
    if case .key(.escape, _) = input {
      question = nil
      return []
    }
    switch question {
    case .delete(let application, var typed):
      return answerDelete(application, &typed, input)
    case .restart(let replica, let application):
      guard takeYes(input) else { return [] }
      underway = "restarting \(replica)"
      return [.restart(replica: replica, application: application)]
    case .cordon(let request, let application):
      guard takeYes(input) else { return [] }
      underway = "\(request.action.rawValue) \(request.replicas.joined(separator: " "))"
      return [.cordon(request, application: application)]
    case .scale(let request, let application):
      guard takeYes(input) else { return [] }
      underway = "scaling \(application)"
      return [.scale(request, application: application)]
    case .rollBack(let application, let revision):
      guard takeYes(input) else { return [] }
      underway = "carrying revision \(revision) out again"
      return [.rollBack(application: application, to: revision)]
    case .reapply(let path, let application):
      guard takeYes(input) else { return [] }
      return launch(path, application)
    case .fix(let proposal):
      guard takeYes(input) else { return [] }
      underway = "carrying out \(proposal.path)"
      return [.applyFix(proposal)]
    case nil: return []
    }
  }

  /// Closes the question; true for yes.
  private mutating func takeYes(_ input: InputEvent) -> Bool {
    guard case .key(let key, let modifiers) = input, modifiers.subtracting(.shift).isEmpty else {
      return false
    }
    switch key {
    case .character("y"), .character("Y"), .enter:
      question = nil
      return true
    case .character("n"), .character("N"), .character("q"): question = nil
    default: break
    }
    return false
  }

  private mutating func answerDelete(
    _ application: String, _ typed: inout TextField, _ input: InputEvent
  ) -> [ConsoleEffect] {
    if case .key(.enter, _) = input {
      guard typed.text == application else { return [] }
      question = nil
      underway = "deleting \(application)"
      return [.delete(application: application)]
    }
    if typed.take(input) { question = .delete(application: application, typed: typed) }
    return []
  }
}
