import ControlAPI
import Manifest
import Platform
import Supervision

/// The devices that others have.
extension Controller {
  /// - Throws: exit code 4 when a device that ranks are to take is not there, or is held by somebody else than
  ///   `runner`, whose ranks are gone by the time that new ones start.
  func checkDevices(
    _ accepted: AcceptedManifest, _ runner: ApplicationRunner? = nil
  ) async throws(ControlError) {
    guard !accepted.devices.isEmpty, let use = await DeviceUse.current() else { return }
    // vLLM's processes write over the environment in which their token stood.
    let sessions = Set(runner?.ranks.values.map { $0.process.identity.pid } ?? [])
    let obstacle = use.obstacle(
      to: accepted.devices, share: accepted.manifest.engineArguments.gpuMemoryUtilization
    ) { pid in ProcessRecord(pid: pid).map { sessions.contains($0.session) } ?? !sessions.isEmpty }
    guard let obstacle else { return }
    throw ControlError(
      code: "does-not-fit", message: "\(obstacle.problem); \(obstacle.cure)", exitCode: 4)
  }
}
