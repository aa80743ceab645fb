import ControlAPI
import Terminal

extension ConsoleState {
  mutating func take(_ input: InputEvent) -> [ConsoleEffect] {
    isTouched = true
    if case .key(.character("c"), .control) = input { return [.quit] }
    if question != nil { return answer(input) }
    if prompt != nil { return type(input) }
    switch input {
    case .key(let key, let modifiers):
      let effects = press(key, modifiers)
      return effects.contains(.quit) ? effects : effects + wishes()
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
    if screen == .logs, let effects = pressInLogs(key) { return effects }
    if move(key) { return [] }
    switch key {
    case .character("q"): return [.quit]
    case .character("?"), .function(1): isHelpShown = true
    case .character(" "): frozen = frozen == nil ? Frozen(world: world, now: now) : nil
    case .character("s") where screen == .overview || screen == .replicas: nextOrder()
    case .character("r"): askRestart()
    case .character("a"): return askApply()
    case .character("D"): askDelete()
    case .character("m"):
      isMouseOn.toggle()
      return [.setMouse(isMouseOn)]
    case .character("T"): return [.nextTheme]
    case .character("l"): openLogs()
    case .character("v") where screen == .manifest: pages.turn()
    case .character("u"): askRollBack()
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
    if let digit = character.wholeNumberValue, let kind = ScreenKind(digit: digit) { screen = kind }
    if character == "n" { nextApplication() }
  }

  private mutating func nextApplication() {
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
    case .overview, .replicas, .experts: openDetail(ofIngress: false)
    case .ingress: openDetail(ofIngress: true)
    case .queue: openQueue()
    case .nodes: openNode()
    default: break
    }
  }

  private mutating func back() {
    if frozen != nil {
      frozen = nil
    } else {
      screen = screen == .replica && isDetailOfIngress ? .ingress : screen.parent
    }
  }

  private mutating func openDetail(ofIngress: Bool) {
    guard chosenReplica != nil else { return }
    isDetailOfIngress = ofIngress
    screen = .replica
  }

  private mutating func openQueue() {
    let all = queues
    guard let queue = all.first(where: { $0.id == selectedQueue }) ?? all.first else { return }
    if queue.role == .rank { selectedRank = queue.id } else { selectedIngress = queue.id }
    openDetail(ofIngress: queue.role == .ingress)
  }

  private mutating func openNode() {
    let all = nodes
    guard let node = all.first(where: { $0.name == selectedNode }) ?? all.first else { return }
    selectedRank = node.ranks.first?.id ?? selectedRank
    screen = .replicas
  }

  private mutating func openLogs() {
    let isAboutOne = screen == .replica || screen == .replicas || screen == .ingress
    logs.open(application: applicationName, replica: isAboutOne ? chosenReplica?.id : nil)
    screen = .logs
  }
}
