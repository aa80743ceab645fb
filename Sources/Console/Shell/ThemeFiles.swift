import Terminal

/// Finds themes by name or path: the user's own, ours, btop's.
struct ThemeFiles {
  /// The names of ours, in the order in which they are tried on.
  static let names = [
    "default-dark", "default-light", "nord", "tokyo-night", "dracula", "gruvbox-dark", "solarized-dark",
    "solarized-light", "colorblind", "high-contrast", "tty16", "mono",
  ]

  private let folders: [String]

  init(installation: Installation, environment: (String) -> String?) {
    let home = environment("HOME") ?? ""
    let config = environment("XDG_CONFIG_HOME").flatMap { $0.isEmpty ? nil : $0 } ?? home + "/.config"
    folders =
      [config + "/dpdeploy/themes"] + installation.folders("themes")
      + [config + "/btop/themes", "/usr/share/btop/themes"]
  }

  /// Reads a theme; nil when there is none of that name.
  func read(_ name: String) -> ThemeFile? {
    let candidates =
      name.contains("/") || name.hasSuffix(".theme") ? [name] : folders.map { "\($0)/\(name).theme" }
    for path in candidates {
      if case .success(let text) = TextFile.read(path) { return ThemeFile(text) }
    }
    return nil
  }
}
