public import ControlAPI
public import Platform

/// This machine, what the system and the driver tell of it, and others that exporters tell of.
@Loop
public final class MachineWatch {
  /// The variable with the URLs of exporters of NVIDIA's data centre GPU manager, spaces between them.
  public nonisolated static let exporterVariable = "DPDEPLOY_DCGM"

  /// This machine's devices through the driver.
  public let local: LocalDevices
  private let exporters: DCGMWatch
  private var host = HostReader()
  private var status: MachineStatus
  private var nextLook = Instant(nanoseconds: 0)

  /// Watches from now on.
  ///
  /// - Parameter exporters: URLs of metrics pages besides those of the environment.
  public init(_ local: LocalDevices = LocalDevices(), exporters: [String] = []) {
    self.local = local
    let others = Environment[Self.exporterVariable]?.split(separator: " ").map(String.init) ?? []
    self.exporters = DCGMWatch(exporters + others)
    status = host.read()
  }

  /// Reads what is older than a second, or has it read; returns at once.
  public func look() {
    guard Instant.now >= nextLook else { return }
    nextLook = .after(.seconds(1))
    local.look()
    exporters.look()
    status = host.read()
  }

  /// Reads twice, a moment apart, so that shares of time are known; devices that do not answer by `deadline` are not.
  public func readTwice(until deadline: Instant) async {
    await local.read(until: deadline)
    await exporters.read()
    await Loop.sleep(for: .milliseconds(250))
    if !local.devices.isEmpty { await local.read(until: deadline) }
    status = host.read()
  }

  /// This machine, as far as is known now.
  public var machine: MachineStatus { machines[0] }

  /// This machine, and those that exporters tell of.
  public var machines: [MachineStatus] {
    var own = status
    own.devices = local.devices
    own.driverVersion = local.driver
    own.deviceProblem = local.problem ?? exporters.problem
    var others: [MachineStatus] = []
    for machine in exporters.machines {
      let isOwn = machine.name == own.name || machine.devices.contains { own.has($0) }
      if isOwn {
        own.merge(machine.devices)
      } else if let place = others.firstIndex(where: { $0.name == machine.name }) {
        others[place].merge(machine.devices)
      } else {
        others.append(machine)
      }
    }
    return [own] + others
  }
}

extension MachineStatus {
  fileprivate func has(_ device: DeviceStatus) -> Bool {
    device.uuid != .unknown && devices.contains { $0.uuid == device.uuid }
  }

  /// Takes over what an exporter tells: it knows more of a device's time than the driver, and nothing of its processes.
  fileprivate mutating func merge(_ told: [DeviceStatus]) {
    for device in told {
      guard let place = devices.firstIndex(where: { $0.uuid == device.uuid && $0.uuid != .unknown }) else {
        devices.append(device)
        continue
      }
      if !device.stale { devices[place] = device.completed(by: devices[place]) }
    }
  }
}
