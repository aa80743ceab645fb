import Platform

/// How this build names itself.
enum EngineVersion {
  /// Names the build and the group's layout, as vLLM's `system_fingerprint` does.
  static func fingerprint(_ options: EngineOptions) -> String {
    let layout = options.dataParallelSize > 1 ? "-dp\(options.dataParallelSize)-ep" : ""
    return "dpdeploy-\(Version.current)\(layout)"
  }
}
