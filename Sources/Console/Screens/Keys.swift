/// What keys do, for the last line and for help.
enum Keys {
  static func footer(_ screen: ScreenKind) -> [(String, String)] {
    switch screen {
    case .home:
      [("?", "help"), ("q", "quit"), ("⏎", "open"), ("a", "launch"), ("D", "delete"), ("j/k", "move")]
    case .manifest: [("?", "help"), ("q", "quit"), ("a", "launch/apply"), ("j/k", "scroll"), ("Esc", "list")]
    case .overview, .replicas:
      [
        ("?", "help"), ("q", "quit"), ("j/k", "move"), ("r", "restart"), ("a", "apply"), ("D", "delete"),
        ("s", "sort"), ("Space", "freeze"), ("0", "list"), ("9", "manifest"),
      ]
    case .ingress:
      [
        ("?", "help"), ("q", "quit"), ("j/k", "move"), ("r", "restart"), ("Space", "freeze"),
        ("1", "overview"),
      ]
    case .events, .hints:
      [("?", "help"), ("q", "quit"), ("j/k", "scroll"), ("Space", "freeze"), ("1", "overview")]
    }
  }

  static let help: [(String, String)] = [
    ("0", "list of applications and manifests"), ("1 2 3", "overview, replicas, ingress"),
    ("7 8 9", "events, hints, manifest"), ("Tab  Shift-Tab", "next, previous screen"),
    ("j k ↓ ↑ PgDn PgUp g G", "move or scroll"), ("⏎  Esc", "open, back"), ("n", "next application"),
    ("s", "order ranks by rank, KV, busy, run, TTFT"), ("Space", "hold the picture; collection goes on"),
    ("a", "launch the manifest, or apply the edited file"), ("r", "restart the chosen rank, with its group"),
    ("D", "delete the application (type its name)"), ("T", "next theme"), ("m", "mouse on, off"),
    ("Ctrl-L  Ctrl-Z", "draw anew, suspend"), ("q", "quit; what runs goes on"),
  ]
}
