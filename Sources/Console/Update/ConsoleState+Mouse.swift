import ControlAPI
import Terminal

/// A place on the screen that does something when clicked.
struct Hit: Sendable, Equatable {
  /// What it does.
  enum Action: Sendable, Equatable {
    case command(Command)
    /// Chooses a row; of the chosen row, opens it.
    case row(String)
    case sort(ReplicaOrder)
    /// Chooses a hint; of the chosen one on its own screen, opens its panel.
    case hint(HintKey)
    /// Opens the logs of whom an event is about.
    case event(Int)
    /// Answers a question, as this key does.
    case answer(Key)
  }

  var area: Rect
  var action: Action
}

extension ConsoleState {
  /// Takes the mouse: the wheel moves, the left button chooses, a second click opens.
  mutating func point(_ mouse: MouseEvent) -> [ConsoleEffect] {
    switch mouse.action {
    case .wheelUp: scroll(by: -3)
    case .wheelDown: scroll(by: 3)
    case .press(0): return click(mouse.x, mouse.y)
    default: break
    }
    return []
  }

  private mutating func scroll(by steps: Int) {
    for _ in 0..<abs(steps) { _ = move(steps < 0 ? .up : .down) }
  }

  private mutating func click(_ x: Int, _ y: Int) -> [ConsoleEffect] {
    if isHelpShown {
      isHelpShown = false
      return []
    }
    // What stands where is known by drawing, which is a pure function of the state.
    guard let hit = ConsoleRenderer.hits(self).last(where: { $0.area.contains(x, y) }) else { return [] }
    // What lies behind a question is out of reach until that is answered.
    if question != nil {
      guard case .answer(let key) = hit.action else { return [] }
      return answer(.key(key, []))
    }
    switch hit.action {
    case .answer: break
    case .hint(let key): return choose(key)
    case .event(let sequence):
      openLogs(of: events.first { $0.sequence == sequence }?.replica)
      return wishes()
    case .command(let command): return perform(command)
    case .sort(let order): self.order = order
    case .row(let id): return chooseRow(id)
    }
    return []
  }

  private mutating func choose(_ hint: HintKey) -> [ConsoleEffect] {
    let isChosen = screen == .hints && chosenHint.map(HintKey.init) == hint
    selectedHint = hint
    return perform(isChosen ? .open : .hints)
  }

  private mutating func chooseRow(_ id: String) -> [ConsoleEffect] {
    let isChosen: Bool
    switch screen {
    case .home:
      guard let index = Int(id) else { return [] }
      isChosen = homeList.selection == index
      homeList.selection = index
    case .ingress: isChosen = Self.choose(id, &selectedIngress)
    case .queue: isChosen = Self.choose(id, &selectedQueue)
    case .nodes: isChosen = Self.choose(id, &selectedNode)
    default: isChosen = Self.choose(id, &selectedRank)
    }
    return isChosen ? perform(.open) : []
  }

  /// Chooses a row; true when it was chosen before.
  private static func choose(_ id: String, _ chosen: inout String?) -> Bool {
    defer { chosen = id }
    return chosen == id
  }
}
