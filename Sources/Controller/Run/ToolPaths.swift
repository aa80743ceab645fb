import Glibc

/// Where the programs lie that the controller starts.
public struct ToolPaths: Sendable {
  /// `dpengine`.
  public var engine: String
  /// `dpingress`.
  public var ingress: String
  /// Folders that hold bundled models, best first.
  public var models: [String]

  /// Names the programs.
  public init(engine: String, ingress: String, models: [String]) {
    self.engine = engine
    self.ingress = ingress
    self.models = models
  }

  /// Looks beside the program at `executable`, then in the `libexec/dpdeploy` of its installation.
  public static func beside(executable: String, models: [String]) -> ToolPaths {
    let folder = executable.lastIndex(of: "/").map { String(executable[..<$0]) } ?? "."
    func find(_ name: String) -> String {
      let candidates = ["\(folder)/\(name)", "\(folder)/../libexec/dpdeploy/\(name)"]
      return candidates.first { access($0, X_OK) == 0 } ?? candidates[0]
    }
    return ToolPaths(engine: find("dpengine"), ingress: find("dpingress"), models: models)
  }
}
