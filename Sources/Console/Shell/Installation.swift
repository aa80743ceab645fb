import Manifest
import Platform

/// Where what came with the tools lies: beside the bundled models.
struct Installation {
  /// Folders that may hold the models, best first.
  private let siblings: [String]

  init() {
    siblings = ModelLookup.bundledFolders(executable: Executable.path ?? "/", override: nil)
  }

  /// The folders of a kind (`manifests`, `themes`), best first.
  func folders(_ kind: String) -> [String] {
    siblings.compactMap { path in path.hasSuffix("models") ? path.dropLast("models".count) + kind : nil }
  }
}
