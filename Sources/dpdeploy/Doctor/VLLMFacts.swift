import ControlAPI
import Deployment
import Machines
import Manifest
import Platform
import Supervision
import VLLM

/// What there is of the vLLM and the devices that a manifest asks for.
struct VLLMFacts: Sendable, Equatable {
  /// What is amiss, and what to do.
  struct Fault: Sendable, Equatable {
    var problem: String
    var cure: String
  }

  /// The program with what it says that it is; nil when it does not run.
  var program: String?
  /// Why it does not run.
  var fault: Fault?
  /// Why a device cannot be had.
  var obstacle: Fault?

  /// It imports all of vLLM, which takes long from a cold disk.
  private static let versionTime = Duration.seconds(60)
  private static let deviceTime = Duration.seconds(15)
}

extension VLLMFacts {
  /// Has vLLM say its version, which takes seconds, and looks at the devices that `running` does not hold itself.
  @Loop
  static func of(_ manifest: Manifest, folder: String, running: ApplicationStatus?) async -> VLLMFacts {
    var facts = VLLMFacts()
    do throws(VLLMInstallation.Fault) {
      let installation = try VLLMInstallation.find(for: manifest, folder: folder)
      await facts.run(installation.executable)
      if !installation.isForCPUs { facts.obstacle = await obstacle(manifest, running) }
    } catch {
      facts.fault = Fault(problem: error.problem, cure: error.cure)
    }
    return facts
  }

  @Loop
  private mutating func run(_ executable: String) async {
    let run: CapturedRun
    do { run = try await CapturedRun(executable, ["--version"], until: .after(Self.versionTime)) } catch {
      fault = Fault(problem: "\(error)", cure: "name one that can be run in `engine_options.executable`")
      return
    }
    let last = (run.status == .exited(0) ? run.output : run.errors).split(whereSeparator: \.isNewline).last
    guard run.status != .exited(0) else {
      program = "\(executable), \(last ?? "which says no version")"
      return
    }
    let end = run.status.map { "ended with \($0)" } ?? "did not end within \(Self.versionTime)"
    fault = Fault(
      problem: "`\(executable) --version` \(end)" + (last.map { ": \($0)" } ?? ""),
      cure: "install what it misses, or vLLM anew; `pip check` lists what does not fit together")
  }

  @Loop
  private static func obstacle(_ manifest: Manifest, _ running: ApplicationStatus?) async -> Fault? {
    let spec = ApplicationSpec(manifest, modelFolder: "")
    let (command, _) = ServeCommand.compose(manifest, model: "", version: .newestKnown)
    let assignment = try? RankAssignment(groups: spec.mostGroups, engine: spec.engine, cluster: spec.cluster)
    guard let command, let places = assignment?.places(devicesPerNode: spec.cluster.devicesPerNode) else {
      return nil
    }
    let local = LocalDevices()
    await local.read(until: .after(deviceTime))
    let sessions = Set(
      running?.deployments.flatMap(\.replicas).filter { $0.role == .rank }.compactMap(\.pid.value) ?? [])
    return DeviceUse(local.devices).obstacle(
      to: command.visibleDevices(of: places), share: manifest.engineArguments.gpuMemoryUtilization
    ) { pid in ProcessRecord(pid: pid).map { sessions.contains($0.session) } ?? !sessions.isEmpty }
    .map { Fault(problem: $0.problem, cure: $0.cure) }
  }
}
