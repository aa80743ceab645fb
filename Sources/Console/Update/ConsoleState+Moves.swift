import ControlAPI
import Terminal

extension ConsoleState {
  /// Moves the choice or the text of the screen; false when the command is none that moves.
  mutating func move(_ command: Command) -> Bool {
    let page = max(1, height / 2)
    switch command {
    case .down: move(by: 1)
    case .up: move(by: -1)
    case .pageDown: move(by: page)
    case .pageUp: move(by: -page)
    case .top: move(by: -1_000_000)
    case .bottom: move(by: 1_000_000)
    // Of what is neither past nor a recording, the present is the foot.
    case .live where frozen == nil && replay == nil: move(by: 1_000_000)
    default: return false
    }
    return true
  }

  mutating func moveHelp(_ command: Command) {
    let page = max(1, height / 2)
    let steps: [Command: Int] = [
      .down: 1, .up: -1, .pageDown: page, .pageUp: -page, .top: -1000, .bottom: 1000,
    ]
    helpScroll = min(max(0, helpScroll + (steps[command] ?? 0)), max(0, Command.allCases.count - 1))
  }

  private mutating func move(by steps: Int) {
    switch screen {
    case .home: homeList.move(by: steps, count: homeRows.count)
    case .replica where isDetailOfIngress:
      selectedIngress = moved(selectedIngress, among: ingress.map(\.id), steps)
    case .overview, .replicas, .replica: selectedRank = moved(selectedRank, among: ranks.map(\.id), steps)
    case .ingress: selectedIngress = moved(selectedIngress, among: ingress.map(\.id), steps)
    case .queue: selectedQueue = moved(selectedQueue, among: queues.map(\.id), steps)
    case .nodes: selectedNode = moved(selectedNode, among: nodes.map(\.name), steps)
    case .hints: moveHint(steps)
    case .experts: scroll[screen] = min(max(0, (scroll[screen] ?? 0) + steps), max(0, expertLayers - 1))
    case .latency: insight.turn(steps)
    case .logs: scrollLogs(by: steps)
    case .manifest where pages.page == .history:
      let last = max(0, (pages.revisions?.list.count ?? 0) - 1)
      pages.chosenRevision = min(max(0, pages.chosenRevision + steps), last)
    case .events, .manifest: scroll[screen] = min(max(0, (scroll[screen] ?? 0) + steps), longestText)
    }
  }

  private var expertLayers: Int { look?.experts?.rows.count ?? 0 }

  /// Lines of the text on the screen beyond its first; a scroll never leaves the text behind.
  private var longestText: Int {
    switch screen {
    case .events: max(0, events.count - 1)
    case .manifest: max(0, TextScreens.lineCount(of: self) - 1)
    default: 0
    }
  }

  private mutating func moveHint(_ steps: Int) {
    let keys = hints.map(HintKey.init)
    guard !keys.isEmpty else { return }
    var list = ListView(selection: selectedHint.flatMap { keys.firstIndex(of: $0) } ?? 0)
    list.move(by: steps, count: keys.count)
    selectedHint = keys[list.selection]
  }

  private func moved(_ id: String?, among ids: [String], _ steps: Int) -> String? {
    guard !ids.isEmpty else { return id }
    var list = ListView(selection: id.flatMap { ids.firstIndex(of: $0) } ?? 0)
    list.move(by: steps, count: ids.count)
    return ids[list.selection]
  }
}
