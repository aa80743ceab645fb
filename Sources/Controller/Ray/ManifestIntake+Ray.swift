import ControlAPI
import Deployment
import Glibc
import Manifest

extension ManifestIntake {
  /// Finds what a cluster's nodes must have too: the model at the same path, and here the token.
  func acceptRay(
    _ manifest: Manifest, _ remarks: [String], path: String?, folder: String
  ) throws(ControlError) -> AcceptedManifest {
    let lookup = ModelLookup(
      manifestFolder: Self.folder(of: path) ?? folder, bundledFolders: tools.models)
    let model = try manifest.engine == .bundled ? modelOnNodes(manifest, lookup) : ""
    var accepted = AcceptedManifest(
      manifest: manifest, spec: ApplicationSpec(manifest, modelFolder: model), warnings: remarks)
    accepted.modelFolder = model
    accepted.tokenFile = try privateFile(manifest.cluster.tokenFile, "cluster.token_file", lookup)
    return accepted
  }

  /// A model that is here is at the same path there; one that is not must be named by its path there.
  private func modelOnNodes(_ manifest: Manifest, _ lookup: ModelLookup) throws(ControlError) -> String {
    let source = manifest.model.source
    let candidates = lookup.candidates(for: source)
    if let found = candidates.first(where: { access($0 + "/config.json", R_OK) == 0 }) { return found }
    guard source.hasPrefix("/") else {
      throw ControlError(
        code: "model-not-found",
        message:
          "no model `\(source)` on this machine (looked in \(candidates.joined(separator: ", "))); "
          + "name the folder that it has on every node of the cluster in model_source, from `/` on",
        exitCode: 3)
    }
    return source
  }
}
