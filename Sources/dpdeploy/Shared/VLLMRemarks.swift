import Glibc
import Manifest
import Platform
import VLLM

/// What the installed vLLM has to say about a manifest, found as the controller will find it.
enum VLLMRemarks {
  /// The `vllm` that a manifest in `folder` would run; nil when there is none.
  static func installation(of manifest: Manifest, folder: String) -> VLLMInstallation? {
    VLLMInstallation.find(
      program(of: manifest), folder: folder, searchPath: Environment["PATH"] ?? "",
      isExecutable: { access($0, X_OK) == 0 }, entries: Folder.names)
  }

  private static func program(of manifest: Manifest) -> String { manifest.vllm?.executable ?? "vllm" }

  /// The remarks on `manifest`; a missing installation has the given severity.
  static func of(
    _ manifest: Manifest, folder: String, file: String, missing: Diagnostic.Severity
  ) -> [Diagnostic] {
    let name = program(of: manifest)
    let found = installation(of: manifest, folder: folder)
    let version = manifest.vllm?.version.flatMap(VLLMVersion.init) ?? found?.version ?? .newestKnown
    var remarks = ServeCommand.compose(manifest, model: manifest.model.source, version: version).remarks
    if found == nil {
      remarks.append(
        Diagnostic(
          .engineNotFound, "there is no `\(name)` that could be run",
          span: manifest.settings.span(of: FieldPath.executable),
          help: "install vLLM (`pip install vllm`), or name it in `engine_options.executable`",
          severity: missing))
    }
    return remarks.map { $0.inFile(file) }
  }
}
