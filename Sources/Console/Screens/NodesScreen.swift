import ControlAPI
import Terminal

extension Painter {
  /// The machines with their devices, the nodes, and the ranks of the chosen one.
  mutating func drawNodes(_ area: Rect) {
    var rest = area
    let machines = state.machines
    for machine in machines.prefix(max(1, area.height / 8)) { line(rest.takeTop(1), facts(of: machine)) }
    drawDevices(of: machines, &rest)
    let nodes = state.nodes
    let height = min(nodes.count + 3, max(4, rest.height / 2))
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

  /// The devices of all machines, in at most half of what is left.
  private mutating func drawDevices(of machines: [MachineStatus], _ rest: inout Rect) {
    let rows = DeviceRow.all(of: machines)
    guard !rows.isEmpty, rest.height >= 4 else { return }
    let sources = Set(rows.map(\.device.source.rawValue)).sorted().joined(separator: ", ")
    let inside = Box(
      title: [strong("devices")], trailing: [faint("by \(sources)  \(rows.count)")], border: theme.replicaBox
    ).draw(in: &buffer, rest.takeTop(min(rows.count + 3, max(4, rest.height / 2))))
    drawTable(inside, rows, chosen: nil, DeviceRow.columns(rows))
  }

  /// A machine on one line.
  private func facts(of machine: MachineStatus) -> [Span] {
    func share(_ used: Known<Int>, _ total: Known<Int>) -> String {
      "\(Units.bytes(used.value)) of \(Units.bytes(total.value))"
    }
    let facts = pairs([
      ("  cpu ", Units.percent(machine.cpuRatio.value)),
      ("  steal ", Units.percent(machine.stealRatio.value)),
      ("  load ", machine.load1m.value.map { Units.decimals($0, 1) } ?? Units.unknown),
      (" on ", Units.whole(machine.cores.value)),
      ("  mem ", share(machine.memoryUsedBytes, machine.memoryTotalBytes)),
      ("  /dev/shm ", share(machine.shmUsedBytes, machine.shmTotalBytes)),
    ])
    let driver = machine.driverVersion.map { pairs([("  driver ", $0)]) } ?? []
    let problem = machine.deviceProblem.map { [text("  "), mark(.warning), text(" " + $0)] } ?? []
    return [strong(" " + machine.name)] + facts + driver + problem
  }
}
