import ControlAPI
import Deployment
import Machines
import Platform
import Supervision

// Which rank computes on which device.
extension ApplicationRunner {
  /// This machine's devices, with our ranks at the processes that are theirs.
  var devices: [DeviceStatus] {
    var devices = surroundings.machine.machine.devices
    claim(&devices)
    return devices
  }

  /// Writes down which processes on devices belong to our ranks.
  func claim(_ devices: inout [DeviceStatus]) {
    guard !ranks.isEmpty else { return }
    let sessions = Dictionary(
      ranks.values.map { ($0.process.identity.pid, $0.place) }, uniquingKeysWith: { first, _ in first })
    for index in devices.indices {
      guard var processes = devices[index].processes.value else { continue }
      for number in processes.indices {
        let pid = processes[number].pid
        // What a rank starts stays in its session.
        guard let place = sessions[ProcessRecord(pid: pid)?.session ?? pid] else { continue }
        processes[number].application = stored.name
        processes[number].replica = "\(ReplicaName.rank(group: place.group, rank: place.rank))"
      }
      devices[index].processes = .known(processes)
    }
  }

  /// Tells what a rank computes on, and how busy that is.
  ///
  /// - Parameter devices: those of this machine, claimed.
  func fill(_ status: inout ReplicaStatus, of place: RankPlace, from devices: [DeviceStatus]) {
    guard !devices.isEmpty, !request.devices.isEmpty,
      let group = state.groups.first(where: { $0.index == place.group }),
      case .vllm(let program) = group.engine.program,
      let names = program.visibleDevices(
        place: machinePlace(of: place.rank, ofGroup: place.group, on: group.nodes))
    else { return }
    let own = names.split(separator: ",").compactMap { name in devices.first { $0.isCalled(String(name)) } }
    guard !own.isEmpty else { return }
    status.devices = own.map(\.index)
    let shares = own.filter { isHeld($0, by: status.id) }.compactMap(\.utilizationRatio.value)
    guard shares.count == own.count else { return }
    status.gpuUtilizationRatio = .known(shares.reduce(0, +) / Double(shares.count))
    status.utilizationSource = .known(own[0].source.rawValue)
  }

  /// Whether a device's time can be the rank's: not where others alone have memory of it.
  ///
  /// Within a container the driver may name nobody, although somebody computes.
  private func isHeld(_ device: DeviceStatus, by replica: String) -> Bool {
    guard let processes = device.processes.value, !processes.isEmpty else { return true }
    return processes.contains { $0.application == stored.name && $0.replica == replica }
  }
}
