import ControlAPI
import Terminal

extension Painter {
  /// The nodes, and the ranks of the chosen one.
  mutating func drawNodes(_ area: Rect) {
    let nodes = state.nodes
    var rest = area
    let height = min(nodes.count + 3, max(4, area.height / 2))
    let inside = Box(
      title: [strong("nodes")], trailing: [faint("\(nodes.count)")], border: theme.replicaBox
    ).draw(in: &buffer, rest.takeTop(height))
    guard !nodes.isEmpty else { return line(inside, [faint(absence)]) }
    let chosen = state.selectedNode.flatMap { name in nodes.firstIndex { $0.name == name } } ?? 0
    drawTable(inside, nodes, chosen: chosen, ReplicaColumns.nodes(nodes))
    let node = nodes[chosen]
    let below = Box(
      title: [strong("ranks on \(node.name)")], trailing: [faint("\(node.ranks.count)")],
      border: theme.replicaBox
    ).draw(in: &buffer, rest)
    drawTable(below, node.ranks, chosen: nil, ReplicaColumns.ranks(node.ranks))
  }
}
