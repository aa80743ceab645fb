import CommandLine
public import Deployment
public import Manifest

/// A manifest file as the console shows it: what it says, what is wrong with it, and what it would start.
public struct ManifestEntry: Sendable, Equatable {
  /// The file's path as the user gave it.
  public var path: String
  /// Whether it came with the tools.
  public var isBundled: Bool
  /// The manifest; nil when it has errors or could not be read.
  public var manifest: Manifest?
  /// Every remark about it, in rustc's shape, line by line, with the severity of each.
  public var remarks: [Remark]
  /// Which rank goes to which node, or why that does not fit; nil without a manifest.
  public var placement: Result<RankAssignment, PlacementError>?
  /// The text that was read, to see that the file changed.
  public var text: String

  /// A line of a remark.
  public struct Remark: Sendable, Hashable {
    /// How much the remark matters.
    public var severity: Diagnostic.Severity
    /// The line.
    public var line: String
  }

  /// Reads a file's text.
  public init(path: String, isBundled: Bool, text: String) {
    self.path = path
    self.isBundled = isBundled
    self.text = text
    let reading = Manifest.read(ManifestSource(name: path, text: text))
    manifest = reading.manifest
    let renderer = DiagnosticRenderer(style: .plain, source: reading.source)
    remarks = reading.diagnostics.flatMap { diagnostic in
      renderer.render(diagnostic).split(separator: "\n", omittingEmptySubsequences: false)
        .map { Remark(severity: diagnostic.severity, line: String($0)) }
    }
    placement = reading.manifest.map(Self.place)
  }

  /// A file that could not be read, and why.
  public init(path: String, isBundled: Bool, unreadable reason: String) {
    self.path = path
    self.isBundled = isBundled
    text = ""
    remarks = [Remark(severity: .error, line: "error: \(path): \(reason)")]
  }

  /// The name of the application it describes.
  public var name: String? { manifest?.name }
  /// Errors in it.
  public var hasErrors: Bool { manifest == nil }

  /// The file's text without its secrets; nil while errors keep anyone from telling what is one.
  public var clearText: String? {
    manifest.map { manifest in
      manifest.environment.filter(\.isSecret).reduce(text) { text, variable in
        variable.value.isEmpty ? text : text.replacing(variable.value, with: variable.display)
      }
    }
  }

  private static func place(_ manifest: Manifest) -> Result<RankAssignment, PlacementError> {
    let layout = manifest.parallelism
    let engine = EngineSpec(
      size: layout.size, sizePerNode: layout.sizePerNode, capacity: manifest.engineArguments.maxNumSeqs,
      arguments: [])
    let cluster = ClusterSpec(nodes: layout.nodes, devicesPerNode: layout.devicesPerNode)
    do throws(PlacementError) {
      return .success(try RankAssignment(groups: layout.groups, engine: engine, cluster: cluster))
    } catch {
      return .failure(error)
    }
  }
}
