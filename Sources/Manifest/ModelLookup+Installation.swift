extension ModelLookup {
  /// Where an installation keeps its bundled models, best first.
  ///
  /// A folder named by `DPDEPLOY_MODELS` wins. An installed tool at `<prefix>/bin/x` has them under
  /// `<prefix>/share/dpdeploy/models`; one run from a build folder has them in the checkout's `models`.
  public static func bundledFolders(executable: String, override: String?) -> [String] {
    var folders: [String] = []
    if let override, !override.isEmpty { folders.append(override) }
    folders.append(normalized(executable + "/../../share/dpdeploy/models"))
    let parts = executable.split(separator: "/")
    if let build = parts.firstIndex(of: ".build") {
      folders.append("/" + (parts[..<build] + ["models"]).joined(separator: "/"))
    }
    return folders
  }
}
