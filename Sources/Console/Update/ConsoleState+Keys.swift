import ControlAPI
import Terminal

extension ConsoleState {
  mutating func take(_ input: InputEvent) -> [ConsoleEffect] {
    isTouched = true
    if case .key(.character("c"), .control) = input { return [.quit] }
    if question != nil { return answer(input) }
    switch input {
    case .key(let key, let modifiers): return press(key, modifiers)
    case .mouse(let mouse): wheel(mouse)
    case .paste, .focus: break
    }
    return []
  }

  private mutating func press(_ key: Key, _ modifiers: Modifiers) -> [ConsoleEffect] {
    if isHelpShown {
      isHelpShown = false
      return key == .character("q") && modifiers.isEmpty ? [.quit] : []
    }
    if modifiers.contains(.control) { return pressControl(key) }
    if move(key) { return [] }
    switch key {
    case .character("q"): return [.quit]
    case .character("?"), .function(1): isHelpShown = true
    case .character(" "): frozen = frozen == nil ? Frozen(world: world, now: now) : nil
    case .character("s"): nextOrder()
    case .character("r"): askRestart()
    case .character("a"): return askApply()
    case .character("D"): askDelete()
    case .character("m"):
      isMouseOn.toggle()
      return [.setMouse(isMouseOn)]
    case .character("T"): return [.nextTheme]
    case .enter: open()
    case .escape: back()
    case .tab: step(modifiers.contains(.shift) ? -1 : 1)
    case .character(let character): choose(character)
    default: break
    }
    return []
  }

  private func pressControl(_ key: Key) -> [ConsoleEffect] {
    switch key {
    case .character("l"): [.repaint]
    case .character("z"): [.suspend]
    default: []
    }
  }

  private mutating func choose(_ character: Character) {
    if let digit = character.wholeNumberValue, let kind = ScreenKind(rawValue: digit) { screen = kind }
    if character == "n" { nextApplication() }
  }

  private mutating func nextApplication() {
    let names = shown.status?.applications.map(\.name) ?? []
    guard !names.isEmpty else { return }
    let index = names.firstIndex { $0 == applicationName } ?? -1
    applicationName = names[(index + 1) % names.count]
  }

  private mutating func step(_ by: Int) {
    let all = ScreenKind.allCases
    guard let index = all.firstIndex(of: screen) else { return }
    screen = all[(index + by + all.count) % all.count]
  }

  private mutating func nextOrder() {
    let all = ReplicaOrder.allCases
    order = all[((all.firstIndex(of: order) ?? 0) + 1) % all.count]
  }

  private mutating func open() {
    switch screen {
    case .home:
      let rows = homeRows
      guard rows.indices.contains(homeList.selection) else { return }
      switch rows[homeList.selection] {
      case .application(let name):
        applicationName = name
        screen = .overview
      case .manifest(let path):
        manifestPath = path
        screen = .manifest
      }
    case .overview: screen = .replicas
    default: break
    }
  }

  private mutating func back() {
    if frozen != nil {
      frozen = nil
    } else {
      screen = screen == .overview || screen == .manifest ? .home : .overview
    }
  }
}
