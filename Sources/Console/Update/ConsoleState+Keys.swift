import ControlAPI
import Terminal

extension ConsoleState {
  mutating func take(_ input: InputEvent) -> [ConsoleEffect] {
    isTouched = true
    if case .key(.character("c"), .control) = input { return [.quit] }
    if question != nil {
      if case .mouse(let mouse) = input { return point(mouse) }
      return answer(input)
    }
    if prompt != nil { return type(input) }
    switch input {
    case .key(let key, let modifiers): return press(Chord(key, modifiers))
    case .mouse(let mouse): return point(mouse)
    case .paste, .focus: return []
    }
  }

  private mutating func press(_ chord: Chord) -> [ConsoleEffect] {
    let command = keymap[chord]
    if isHelpShown {
      switch command {
      case .up, .down, .pageUp, .pageDown, .top, .bottom:
        if let command { moveHelp(command) }
        return []
      default:
        isHelpShown = false
        return command == .quit ? [.quit] : []
      }
    }
    return command.map { perform($0) } ?? []
  }

  /// Does what a key, a click or a word in the palette asks for.
  mutating func perform(_ command: Command) -> [ConsoleEffect] {
    let effects = carryOut(command)
    return effects.contains(.quit) ? effects : effects + wishes()
  }

  private mutating func carryOut(_ command: Command) -> [ConsoleEffect] {
    if let screen = command.screen {
      self.screen = screen
      return []
    }
    if screen == .logs, let effects = performInLogs(command) { return effects }
    if move(command) { return [] }
    switch command {
    case .quit: return [.quit]
    case .help:
      isHelpShown = true
      helpScroll = 0
    case .palette: prompt = Prompt(purpose: .command, field: TextField())
    case .filter: prompt = Prompt(purpose: .filter, field: TextField(filter?.text ?? ""))
    case .next: nextApplication()
    case .open: open()
    case .back: back()
    case .nextScreen: step(1)
    case .previousScreen: step(-1)
    case .logs: openLogs()
    case .sort: nextOrder()
    case .freeze: toggleFreeze()
    case .earlier: travel(by: -1)
    case .later: travel(by: 1)
    case .muchEarlier: travel(by: -60)
    case .muchLater: travel(by: 60)
    case .live: goLive()
    case .window: setWindow(window.next)
    case .restart: askRestart()
    case .drain: askDrain()
    case .more: askScale(by: 1)
    case .fewer: askScale(by: -1)
    case .apply: return screen == .hints ? askFix() : askApply()
    case .delete: askDelete()
    case .undo: askRollBack()
    case .page: if screen == .manifest { pages.turn() }
    case .snapshot: return [.snapshot]
    case .record: return [.toggleRecording(path: nil)]
    case .copy: return copy()
    case .theme: return [.nextTheme]
    case .mouse:
      isMouseOn.toggle()
      return [.setMouse(isMouseOn)]
    case .redraw: return [.repaint]
    case .suspend: return [.suspend]
    default: break
    }
    return []
  }

  private func copy() -> [ConsoleEffect] {
    guard let text = clipping else { return [] }
    return [.copy(text)]
  }

  /// What the chosen row says, in a line for the clipboard.
  var clipping: String? {
    switch screen {
    case .overview, .replicas, .replica, .ingress: chosenReplica.map { ReplicaClipping.text($0) }
    case .hints:
      chosenHint.map { hint in
        ([hint.id, hint.title] + hint.evidence.map(\.text) + [hint.advice]).joined(separator: "; ")
      }
    case .logs: logEntries.dropLast(logs.hiddenBelow).last?.line
    case .events: events.dropLast(scroll[.events] ?? 0).last.map { "\($0.time) \($0.reason) \($0.message)" }
    case .manifest: manifest?.path
    default: applicationName
    }
  }

  mutating func nextApplication() {
    let names = shown.status?.applications.map(\.name) ?? []
    guard !names.isEmpty else { return }
    let index = names.firstIndex { $0 == applicationName } ?? -1
    applicationName = names[(index + 1) % names.count]
  }

  private mutating func step(_ by: Int) {
    let all = ScreenKind.tabs
    guard let index = all.firstIndex(of: screen) ?? all.firstIndex(of: screen.parent) else {
      screen = .overview
      return
    }
    screen = all[(index + by + all.count) % all.count]
  }

  private mutating func nextOrder() {
    guard screen == .overview || screen == .replicas else { return }
    let all = ReplicaOrder.allCases
    order = all[((all.firstIndex(of: order) ?? 0) + 1) % all.count]
  }
}

/// A replica in one line of text.
enum ReplicaClipping {
  static func text(_ replica: ReplicaStatus) -> String {
    let readings = ReplicaField.allCases.compactMap { field in
      field.text(replica).map { "\(field.rawValue)=\($0)" }
        ?? field.number(replica).map { "\(field.rawValue)=\(Units.decimals($0, 1))" }
    }
    return readings.joined(separator: " ")
  }
}
