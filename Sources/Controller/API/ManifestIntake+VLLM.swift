import ControlAPI
import Deployment
import Glibc
import Manifest
import VLLM

extension ManifestIntake {
  /// Finds the installation, composes its command, and says what of the manifest it cannot take.
  func acceptVLLM(
    _ manifest: Manifest, _ remarks: [String], path: String?, folder: String
  ) throws(ControlError) -> AcceptedManifest {
    let home = Self.folder(of: path) ?? folder
    let lookup = ModelLookup(manifestFolder: home, bundledFolders: tools.models)
    let installation = try find(manifest, home)
    let told = manifest.vllm?.version.flatMap(VLLMVersion.init)
    let version = told ?? installation.version ?? .newestKnown
    let (command, own) = ServeCommand.compose(manifest, model: model(manifest, lookup), version: version)
    var warnings = remarks + own.filter { $0.severity != .note }.map { Self.text($0, path) }
    guard let command else {
      throw ControlError(
        code: "invalid-manifest",
        message: own.filter { $0.severity == .error }.map { Self.text($0, path) }.joined(separator: "\n"),
        exitCode: 3)
    }
    if told == nil, installation.version == nil {
      warnings.append(
        "the release of \(installation.executable) is not known: taken for \(version); say it in engine_options.version"
      )
    }
    var program = VLLMProgram(
      executable: installation.executable, devicesPerRank: command.devicesPerRank, devices: command.devices,
      standstill: .milliseconds(Int(manifest.healthCheck.limitSeconds * 1000)))
    if manifest.enginesPerServer > 1 { program.balancedEngines = manifest.enginesPerServer }
    let keys = try findKeys(manifest, lookup)
    let front = try findFront(manifest, lookup)
    var accepted = AcceptedManifest(
      manifest: manifest, spec: ApplicationSpec(manifest, command, program, keysFile: keys, front: front),
      warnings: warnings)
    if !installation.isForCPUs { accepted.devices = command.visibleDevices(of: try places(manifest)) }
    return accepted
  }

  /// The places of all engines, whoever serves them.
  private func places(_ manifest: Manifest) throws(ControlError) -> [Int] {
    let spec = ApplicationSpec(manifest, modelFolder: "")
    do {
      let assignment = try RankAssignment(groups: spec.mostGroups, engine: spec.engine, cluster: spec.cluster)
      return assignment.places(devicesPerNode: spec.cluster.devicesPerNode)
    } catch { throw .doesNotFit(error) }
  }

  private func find(_ manifest: Manifest, _ folder: String) throws(ControlError) -> VLLMInstallation {
    do throws(VLLMInstallation.Fault) {
      return try VLLMInstallation.find(for: manifest, folder: folder)
    } catch {
      throw ControlError(code: "engine-not-found", message: "\(error.problem); \(error.cure)", exitCode: 3)
    }
  }

  /// A folder here, or else a name that vLLM looks up on Hugging Face.
  private func model(_ manifest: Manifest, _ lookup: ModelLookup) -> String {
    lookup.candidates(for: manifest.model.source).first { access($0 + "/config.json", R_OK) == 0 }
      ?? manifest.model.source
  }

  private static func text(_ remark: Diagnostic, _ path: String?) -> String {
    let placed = Diagnostic(
      remark.code, remark.message, file: path ?? "<stdin>", span: remark.span, severity: remark.severity)
    return remark.help.map { "\(placed); \($0)" } ?? "\(placed)"
  }
}
