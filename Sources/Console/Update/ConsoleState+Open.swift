import ControlAPI
import Terminal

// In and out of screens.
extension ConsoleState {
  mutating func open() {
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
    case .hints: openEvidence()
    case .events: openLogs(of: events.dropLast(scroll[.events] ?? 0).last?.replica)
    default: break
    }
  }

  /// Leaves what was entered last: the past, a filter, a screen.
  mutating func back() {
    if frozen != nil, replay == nil {
      frozen = nil
    } else if filter != nil, screen != .replica {
      filter = nil
    } else {
      screen = screen == .replica && isDetailOfIngress ? .ingress : screen.parent
    }
  }

  mutating func openDetail(ofIngress: Bool) {
    isDetailOfIngress = ofIngress
    guard (ofIngress ? ingress : ranks).first != nil else { return }
    screen = .replica
  }

  private mutating func openQueue() {
    let all = queues
    guard let queue = all.first(where: { $0.id == selectedQueue }) ?? all.first else { return }
    select(queue)
  }

  /// Shows one replica alone.
  mutating func select(_ replica: ReplicaStatus) {
    if replica.role == .rank { selectedRank = replica.id } else { selectedIngress = replica.id }
    openDetail(ofIngress: replica.role == .ingress)
  }

  private mutating func openNode() {
    let all = nodes
    guard let node = all.first(where: { $0.name == selectedNode }) ?? all.first else { return }
    selectedRank = node.ranks.first?.id ?? selectedRank
    screen = .replicas
  }

  /// Shows the panel that the chosen hint's first fact was read from, with the replica that the hint is about chosen.
  private mutating func openEvidence() {
    guard let hint = chosenHint, let panel = hint.evidence.first?.panel,
      let screen = ScreenKind(rawValue: panel.rawValue)
    else { return }
    let all = application?.deployments.flatMap(\.replicas) ?? []
    if let replica = all.first(where: { $0.id == hint.replica }) {
      if replica.role == .rank { selectedRank = replica.id } else { selectedIngress = replica.id }
      selectedQueue = replica.id
      selectedNode = replica.node ?? selectedNode
    }
    self.screen = screen
  }

  mutating func openLogs() {
    let isAboutOne = screen == .replica || screen == .replicas || screen == .ingress
    openLogs(of: isAboutOne ? chosenReplica?.id : nil)
  }

  mutating func openLogs(of replica: String?) {
    logs.open(application: applicationName, replica: replica)
    screen = .logs
  }
}
