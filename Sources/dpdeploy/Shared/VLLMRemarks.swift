import Glibc
import Manifest
import Platform
import VLLM

/// What the installed vLLM has to say about a manifest, found as the controller will find it.
enum VLLMRemarks {
  /// The remarks on `manifest`; a missing installation has the given severity.
  static func of(
    _ manifest: Manifest, folder: String, file: String, missing: Diagnostic.Severity
  ) -> [Diagnostic] {
    let name = manifest.vllm?.executable ?? "vllm"
    let found = VLLMInstallation.find(
      name, folder: folder, searchPath: Environment["PATH"] ?? "", isExecutable: { access($0, X_OK) == 0 },
      entries: Folder.names)
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
