import ControlAPI
import Deployment
import Glibc
import Manifest

/// Turns what a client sends into something that can be run here.
struct ManifestIntake {
  let tools: ToolPaths

  /// Reads a manifest and finds its model.
  ///
  /// - Throws: exit code 3 with every error of the manifest, or with the places where the model was looked for.
  func accept(
    _ text: String, path: String?, folder: String, scale: Scale = Scale()
  ) throws(ControlError) -> AcceptedManifest {
    let reading = Manifest.read(ManifestSource(name: path ?? "<stdin>", text: text), scale: scale)
    let remarks = reading.diagnostics.filter { $0.severity != .note }.map { "\($0)" }
    guard let manifest = reading.manifest else {
      let isOnlyTooLarge = reading.diagnostics.allSatisfy { $0.severity != .error || $0.code == .doesNotFit }
      throw ControlError(
        code: isOnlyTooLarge ? "does-not-fit" : "invalid-manifest", message: remarks.joined(separator: "\n"),
        exitCode: isOnlyTooLarge ? 4 : 3)
    }
    if manifest.backend == .ray { return try acceptRay(manifest, remarks, path: path, folder: folder) }
    if manifest.engine == .vllm { return try acceptVLLM(manifest, remarks, path: path, folder: folder) }
    let lookup = ModelLookup(
      manifestFolder: Self.folder(of: path) ?? folder, bundledFolders: tools.models)
    let model = try findModel(manifest, lookup)
    let keys = try findKeys(manifest, lookup)
    let adapters = try findAdapters(manifest, lookup)
    return AcceptedManifest(
      manifest: manifest,
      spec: ApplicationSpec(
        manifest, modelFolder: model, adapterFolder: adapters, keysFile: keys,
        front: try findFront(manifest, lookup)),
      warnings: remarks)
  }

  func findKeys(_ manifest: Manifest, _ lookup: ModelLookup) throws(ControlError) -> String? {
    try privateFile(manifest.ingress.apiKeysFile, "ingress.api_keys_file", lookup)
  }

  /// The absolute path of a file with secrets, which nobody else may read.
  func privateFile(_ file: String?, _ field: String, _ lookup: ModelLookup) throws(ControlError) -> String? {
    guard let path = file.map(lookup.path) else { return nil }
    var status = stat()
    guard stat(path, &status) == 0, access(path, R_OK) == 0 else {
      let reason = String(cString: strerror(errno))
      throw ControlError(
        code: "keys-file", message: "\(field) \(path) cannot be read: \(reason)", exitCode: 3)
    }
    guard status.st_mode & 0o077 == 0 else {
      throw ControlError(
        code: "keys-file", message: "\(field) \(path) can be read by others; run: chmod 600 \(path)",
        exitCode: 3)
    }
    return path
  }

  private func findAdapters(_ manifest: Manifest, _ lookup: ModelLookup) throws(ControlError) -> String? {
    guard let path = manifest.engineArguments.adapters?.folder.map(lookup.path) else { return nil }
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, access(path, R_OK | X_OK) == 0 else {
      throw ControlError(
        code: "adapters-not-found",
        message: "lora_config.dynamic_lora_loading_path \(path) is no folder that can be read", exitCode: 3)
    }
    return path
  }

  private func findModel(_ manifest: Manifest, _ lookup: ModelLookup) throws(ControlError) -> String {
    let candidates = lookup.candidates(for: manifest.model.source)
    if let found = candidates.first(where: { access($0 + "/config.json", R_OK) == 0 }) { return found }
    throw ControlError(
      code: "model-not-found",
      message:
        "no model `\(manifest.model.source)` on this machine (looked in \(candidates.joined(separator: ", "))); "
        + "name a folder with config.json, tokenizer.json and *.safetensors in model_source", exitCode: 3)
  }

  static func folder(of path: String?) -> String? {
    guard let path, let slash = path.lastIndex(of: "/") else { return nil }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
