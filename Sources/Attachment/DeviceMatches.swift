import ControlAPI
import Platform
import Supervision

/// Which devices of this machine the attached engines compute on: those of processes that descend from who listens on
/// their port.
struct DeviceMatches {
  /// What is asked of the system; tests answer themselves.
  struct Processes: Sendable {
    var listener: @Sendable (_ port: Int) -> Int32? = { PortHolder.find(port: $0)?.pid }
    var parent: @Sendable (Int32) -> Int32? = { ProcessRecord(pid: $0)?.parent }
    var title: @Sendable (Int32) -> String? = { ProcessRecord.title(ofProcess: $0) }
  }

  private let processes: Processes
  private var listeners: [Int: (pid: Int32?, lookAgain: Instant)] = [:]
  /// To find a listener takes a look at every open file of every process.
  private static let pause = Duration.seconds(10)

  init(_ processes: Processes = Processes()) { self.processes = processes }

  /// Tells ranks what they compute on and how busy that is; the machines are returned with ranks at their processes.
  mutating func fill(
    _ applications: inout [ApplicationStatus], from machines: [MachineStatus]
  ) -> [MachineStatus] {
    var machines = machines
    guard !machines.isEmpty, machines[0].devices.contains(where: { $0.processes.value?.isEmpty == false })
    else { return machines }
    for number in applications.indices {
      let name = applications[number].name
      for place in applications[number].deployments.indices {
        let replicas = applications[number].deployments[place].replicas
        for index in replicas.indices {
          let isAlone = replicas.count { $0.node == replicas[index].node } == 1
          match(
            &applications[number].deployments[place].replicas[index], of: name,
            isAlone: isAlone, &machines[0])
        }
      }
    }
    return machines
  }

  private mutating func match(
    _ replica: inout ReplicaStatus, of application: String, isAlone: Bool, _ machine: inout MachineStatus
  ) {
    guard let port = localPort(replica.node ?? "", of: machine), let listener = listener(port) else { return }
    var own: [DeviceStatus] = []
    for index in machine.devices.indices {
      guard var holders = machine.devices[index].processes.value else { continue }
      var isOwn = false
      for number in holders.indices
      where descends(holders[number].pid, from: listener)
        && (isAlone || isNamed(holders[number].pid, rank: replica.rank))
      {
        (holders[number].application, holders[number].replica) = (application, replica.id)
        isOwn = true
      }
      machine.devices[index].processes = .known(holders)
      if isOwn { own.append(machine.devices[index]) }
    }
    let shares = own.compactMap(\.utilizationRatio.value)
    guard !own.isEmpty else { return }
    replica.devices = own.map(\.index)
    guard shares.count == own.count else { return }
    replica.gpuUtilizationRatio = .known(shares.reduce(0, +) / Double(shares.count))
    replica.utilizationSource = .known(own[0].source.rawValue)
  }

  /// The port of a `host:port` of this machine; nil for another's.
  private func localPort(_ place: String, of machine: MachineStatus) -> Int? {
    guard let colon = place.lastIndex(of: ":"), let port = Int(place[place.index(after: colon)...]) else {
      return nil
    }
    return ["localhost", "127.0.0.1", "[::1]", machine.name].contains(String(place[..<colon])) ? port : nil
  }

  private mutating func listener(_ port: Int) -> Int32? {
    if let known = listeners[port], .now < known.lookAgain { return known.pid }
    let pid = processes.listener(port)
    listeners[port] = (pid, .after(Self.pause))
    return pid
  }

  private func descends(_ pid: Int32, from ancestor: Int32) -> Bool {
    var next: Int32? = pid
    // A process whose parent ends meanwhile may be anybody's; no tree is that deep.
    for _ in 0..<32 {
      guard let pid = next, pid > 1 else { return false }
      if pid == ancestor { return true }
      next = processes.parent(pid)
    }
    return false
  }

  /// Whether vLLM called a process after a rank, such as `VLLM::EngineCore_DP3`.
  private func isNamed(_ pid: Int32, rank: Int?) -> Bool {
    guard let rank, let title = processes.title(pid), let mark = title.firstRange(of: "_DP\(rank)") else {
      return false
    }
    return title[mark.upperBound...].first?.isNumber != true
  }
}
