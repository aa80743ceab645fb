/// How this build names itself.
public enum EngineVersion {
  /// The version that `/version` tells.
  public static let current = "0.1.0"

  /// Names the build and the group's layout, as vLLM's `system_fingerprint` does.
  static func fingerprint(_ options: EngineOptions) -> String {
    let layout = options.dataParallelSize > 1 ? "-dp\(options.dataParallelSize)-ep" : ""
    return "dpdeploy-\(current)\(layout)"
  }
}
