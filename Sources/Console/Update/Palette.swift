import ControlAPI

/// What can be typed after `:`.
enum Palette {
  /// A command with words behind it.
  private enum Verb: String, CaseIterable {
    case rep, logs, filter, only, sort, scale, restart, cordon, drain, uncordon, delete, undo, app, open,
      record, theme, window, mute, unmute, q

    /// What stands behind it, for the list of completions.
    var usage: String {
      switch self {
      case .rep: "rep ID — one replica"
      case .logs: "logs [ID] [TEXT] — logs, filtered"
      case .filter: "filter EXPRESSION — kv>90 & state!=RUNNING"
      case .only: "only TEXT — of the logs"
      case .sort: "sort RANK|KV|BUSY|RUN|TTFT"
      case .scale: "scale ingress N | scale groups N | scale reset"
      case .restart: "restart [ID]"
      case .cordon: "cordon [ID] — no new requests"
      case .drain: "drain [ID] — no new requests, wait for the present ones"
      case .uncordon: "uncordon [ID] — requests again"
      case .delete: "delete — the application"
      case .undo: "undo — the revision before"
      case .app: "app NAME — another application"
      case .open: "open PATH — a manifest"
      case .record: "record [FILE] — or stop"
      case .theme: "theme NAME"
      case .window: "window 10s|1m|5m — of rates and percentiles"
      case .mute: "mute — no alerts until unmute"
      case .unmute: "unmute — alerts again"
      case .q: "q — quit"
      }
    }
  }

  /// What fits what was typed: whole lines, with what they mean.
  static func completions(_ typed: String, _ state: ConsoleState) -> [(line: String, meaning: String)] {
    let words = typed.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    guard words.count > 1, let verb = Verb(rawValue: words[0]) else {
      let verbs = Verb.allCases.map { (line: $0.rawValue, meaning: $0.usage) }
      let commands = Command.allCases.map { (line: $0.rawValue, meaning: $0.meaning) }
        .filter { command in !verbs.contains { $0.line == command.line } }
      return (verbs + commands).filter { $0.line.hasPrefix(typed) }.sorted { $0.line < $1.line }
    }
    let last = words[words.count - 1]
    let head = words.dropLast().joined(separator: " ")
    return candidates(verb, position: words.count - 1, state).filter { $0.hasPrefix(last) }
      .map { (head + " " + $0, verb.usage) }
  }

  private static func candidates(_ verb: Verb, position: Int, _ state: ConsoleState) -> [String] {
    guard position == 1 else { return [] }
    let replicas = (state.application?.replicas(.rank) ?? []) + state.ingress
    return switch verb {
    case .rep, .logs, .restart, .cordon, .drain, .uncordon: replicas.map(\.id)
    case .sort: ReplicaOrder.allCases.map(\.rawValue)
    case .scale: ["ingress", "groups", "reset"]
    case .app: state.shown.status?.applications.map(\.name) ?? []
    case .open: state.manifests.map(\.path)
    case .filter: ReplicaField.allCases.map(\.rawValue)
    case .theme: ThemeFiles.names
    case .window: MetricWindow.allCases.map(\.name)
    case .only, .delete, .undo, .record, .mute, .unmute, .q: []
    }
  }

  /// What Tab makes of the line: as much as all completions begin with; nil when nothing fits.
  static func completed(_ typed: String, _ state: ConsoleState) -> String? {
    let lines = completions(typed, state).map(\.line)
    guard var common = lines.first else { return nil }
    for line in lines { common = String(zip(common, line).prefix { $0 == $1 }.map(\.0)) }
    return lines.count == 1 ? common + " " : common
  }

  /// Carries a line out.
  static func run(_ line: String, _ state: inout ConsoleState) -> [ConsoleEffect] {
    let words = line.split(separator: " ").map(String.init)
    guard let first = words.first else { return [] }
    if let verb = Verb(rawValue: first) {
      let effects = run(verb, Array(words.dropFirst()), &state)
      return effects.contains(.quit) ? effects : effects + state.wishes()
    }
    if let command = Command(rawValue: first) { return state.perform(command) }
    let near = completions(String(first.prefix(1)), state).map(\.line).prefix(6).joined(separator: " ")
    state.say("there is no `\(first)`" + (near.isEmpty ? "" : "; near it: \(near)"), .error)
    return []
  }

  private static func run(_ verb: Verb, _ words: [String], _ state: inout ConsoleState) -> [ConsoleEffect] {
    switch verb {
    case .q: return [.quit]
    case .rep, .restart, .cordon, .drain, .uncordon: return aim(verb, words.first, &state)
    case .logs:
      state.openLogs(of: words.first)
      state.logs.show(only: words.dropFirst().joined(separator: " "))
    case .filter: state.setFilter(words.joined(separator: " "))
    case .only: state.logs.show(only: words.joined(separator: " "))
    case .sort:
      guard let order = words.first.flatMap({ ReplicaOrder(rawValue: $0.uppercased()) }) else {
        return wrong(verb, &state)
      }
      state.order = order
    case .scale: return scale(words, &state)
    case .delete: state.askDelete()
    case .undo: state.askRollBack()
    case .app:
      guard let name = words.first, state.world.application(name) != nil else { return wrong(verb, &state) }
      state.applicationName = name
      state.screen = .overview
    case .open:
      guard let path = words.first, state.manifests.contains(where: { $0.path == path }) else {
        return wrong(verb, &state)
      }
      state.manifestPath = path
      state.screen = .manifest
    case .record: return [.toggleRecording(path: words.first)]
    case .window:
      guard let window = MetricWindow.allCases.first(where: { $0.name == words.first }) else {
        return wrong(verb, &state)
      }
      state.setWindow(window)
    case .mute: state.mute(true)
    case .unmute: state.mute(false)
    case .theme: return words.first.map { [.setTheme($0)] } ?? wrong(verb, &state)
    }
    return []
  }

  private static func wrong(_ verb: Verb, _ state: inout ConsoleState) -> [ConsoleEffect] {
    state.say("usage: \(verb.usage)", .error)
    return []
  }

  /// A verb that is about one replica: the named one, else the chosen one.
  private static func aim(_ verb: Verb, _ id: String?, _ state: inout ConsoleState) -> [ConsoleEffect] {
    let all = (state.application?.replicas(.rank) ?? []) + state.ingress
    guard let replica = id == nil ? state.chosenReplica : all.first(where: { $0.id == id }),
      let application = state.applicationName
    else {
      state.say(id.map { "there is no replica \($0)" } ?? "no replica is chosen", .error)
      return []
    }
    func cordon(_ action: CordonRequest.Action) {
      state.ask(.cordon(CordonRequest(action, [replica.id]), application: application))
    }
    switch verb {
    case .rep: state.select(replica)
    case .restart: state.ask(.restart(replica: replica.id, application: application))
    case .cordon: cordon(.cordon)
    case .drain: cordon(.drain)
    case .uncordon: cordon(.uncordon)
    default: break
    }
    return []
  }

  private static func scale(_ words: [String], _ state: inout ConsoleState) -> [ConsoleEffect] {
    guard let name = state.applicationName else { return wrong(.scale, &state) }
    switch (words.first, words.dropFirst().first.flatMap { Int($0) }) {
    case ("ingress", let number?): state.ask(.scale(ScaleRequest(ingressReplicas: number), application: name))
    case ("groups", let number?): state.ask(.scale(ScaleRequest(replicas: number), application: name))
    case ("reset", _): state.ask(.scale(.toManifest, application: name))
    default: return wrong(.scale, &state)
    }
    return []
  }
}
