import ControlAPI
import Machines
import Manifest
import Platform
import Supervision

/// This machine's devices: who has them, and whose ranks compute on them.
extension Controller {
  /// A driver that nothing keeps awake takes seconds to start.
  private static let deviceTime = Duration.seconds(15)

  /// The machines, with the ranks that hold their devices.
  var machines: [MachineStatus] {
    var machines = surroundings.machine.machines
    for index in machines.indices {
      for runner in runners.values { runner.claim(&machines[index].devices) }
    }
    return machines
  }

  /// - Throws: exit code 4 when a device that ranks are to take is not there, or is held by somebody else than
  ///   `runner`, whose ranks are gone by the time that new ones start.
  func checkDevices(
    _ accepted: AcceptedManifest, _ runner: ApplicationRunner? = nil
  ) async throws(ControlError) {
    guard !accepted.devices.isEmpty else { return }
    let local = surroundings.machine.local
    await local.read(until: .after(Self.deviceTime))
    // vLLM's processes write over the environment in which their token stood.
    let sessions = Set(runner?.ranks.values.map { $0.process.identity.pid } ?? [])
    let obstacle = DeviceUse(local.devices).obstacle(
      to: accepted.devices, share: accepted.manifest.engineArguments.gpuMemoryUtilization
    ) { pid in ProcessRecord(pid: pid).map { sessions.contains($0.session) } ?? !sessions.isEmpty }
    guard let obstacle else { return }
    throw ControlError(
      code: "does-not-fit", message: "\(obstacle.problem); \(obstacle.cure)", exitCode: 4)
  }
}
