import Manifest
import VLLM

/// What the installed vLLM has to say about a manifest, found as the controller will find it.
enum VLLMRemarks {
  /// The remarks on `manifest`; a missing installation has the given severity.
  static func of(
    _ manifest: Manifest, folder: String, file: String, missing: Diagnostic.Severity
  ) -> [Diagnostic] {
    var release: VLLMVersion?
    var remarks: [Diagnostic] = []
    do throws(VLLMInstallation.Fault) {
      release = try VLLMInstallation.find(for: manifest, folder: folder).version
    } catch {
      remarks.append(
        Diagnostic(
          .engineNotFound, error.problem, span: manifest.settings.span(of: FieldPath.executable),
          help: error.cure, severity: missing))
    }
    let version = manifest.vllm?.version.flatMap(VLLMVersion.init) ?? release ?? .newestKnown
    remarks += ServeCommand.compose(manifest, model: manifest.model.source, version: version).remarks
    return remarks.map { $0.inFile(file) }
  }
}
