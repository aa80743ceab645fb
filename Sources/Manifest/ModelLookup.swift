/// Where a `model_source` may lie: a pure rule over the folders it is given.
public struct ModelLookup: Sendable {
  /// The folder of the manifest; relative paths start there.
  public let manifestFolder: String
  /// Folders that hold bundled models, best first.
  public let bundledFolders: [String]

  /// Makes a rule for one manifest and one installation.
  public init(manifestFolder: String, bundledFolders: [String]) {
    self.manifestFolder = manifestFolder
    self.bundledFolders = bundledFolders
  }

  /// The folders a source may mean, best first; the first that exists is the model.
  ///
  /// A bare name (`operator-moe`) means a bundled model, then a folder beside the manifest; `./x`, `../x` and `a/b`
  /// are taken from the manifest's folder; an absolute path is itself.
  public func candidates(for source: String) -> [String] {
    if source.hasPrefix("/") { return [Self.normalized(source)] }
    let local = Self.normalized(manifestFolder + "/" + source)
    guard Self.isBareName(source) else { return [local] }
    return bundledFolders.map { Self.normalized($0 + "/" + source) } + [local]
  }

  /// The absolute path of a file the manifest names, such as ``IngressSettings/apiKeysFile``.
  public func path(of file: String) -> String {
    Self.normalized(file.hasPrefix("/") ? file : manifestFolder + "/" + file)
  }

  /// Whether a source is a bare name and may mean a bundled model.
  public static func isBareName(_ source: String) -> Bool {
    !source.isEmpty && !source.contains("/") && source != "." && source != ".."
  }

  /// The path without `.`, `..` and doubled slashes; symbolic links are not followed.
  static func normalized(_ path: String) -> String {
    var parts: [Substring] = []
    let isAbsolute = path.hasPrefix("/")
    for part in path.split(separator: "/") where part != "." {
      if part == "..", let last = parts.last, last != ".." {
        parts.removeLast()
      } else if part != ".." || !isAbsolute {
        parts.append(part)
      }
    }
    let joined = parts.joined(separator: "/")
    if isAbsolute { return "/" + joined }
    return joined.isEmpty ? "." : joined
  }
}
