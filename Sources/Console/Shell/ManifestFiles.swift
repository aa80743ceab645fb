/// Finds and reads manifests; a file that did not change is not parsed again.
struct ManifestFiles {
  private let given: [String]
  private let bundled: [String]

  /// Shows `given`, or what is in the folder and what came with the tools.
  init(given: [String], installation: Installation) {
    bundled = installation.folders("manifests")
    self.given = given
  }

  /// Reads all of them.
  func read(known: [ManifestEntry]) -> [ManifestEntry] {
    let old = Dictionary(known.map { ($0.path, $0) }) { first, _ in first }
    return paths().map { path, isBundled in
      switch TextFile.read(path) {
      case .failure(let problem):
        return ManifestEntry(path: path, isBundled: isBundled, unreadable: problem.text)
      case .success(let text):
        if let entry = old[path], entry.text == text, !text.isEmpty { return entry }
        return ManifestEntry(path: path, isBundled: isBundled, text: text)
      }
    }.filter { !given.isEmpty || $0.text.contains("llm_config") || $0.text.contains("llm_configs") }
  }

  private func paths() -> [(path: String, isBundled: Bool)] {
    if !given.isEmpty { return given.flatMap(expand).map { ($0, false) } }
    let endings = [".yaml", ".yml"]
    var found = ["", "manifests/"].flatMap { folder in
      TextFile.list(folder.isEmpty ? "." : folder, endings: endings).map { (folder + $0, false) }
    }
    let here = Set(found.map { TextFile.absolute($0.0) })
    if let folder = bundled.first(where: TextFile.exists) {
      found += TextFile.list(folder, endings: endings).map { ("\(folder)/\($0)", true) }
        .filter { !here.contains($0.0) }
    }
    return found
  }

  /// A folder stands for its manifests, a bare name for a bundled one.
  private func expand(_ path: String) -> [String] {
    let inside = TextFile.list(path, endings: [".yaml", ".yml"])
    if !inside.isEmpty { return inside.map { path + "/" + $0 } }
    if TextFile.exists(path) || path.contains("/") { return [path] }
    let candidates = bundled.flatMap { ["\($0)/\(path).yaml", "\($0)/\(path)"] }
    return [candidates.first(where: TextFile.exists) ?? path]
  }
}
