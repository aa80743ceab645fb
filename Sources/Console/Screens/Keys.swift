/// What keys do, for the last line and for help.
enum Keys {
  static func footer(_ screen: ScreenKind) -> [(String, String)] {
    let always = [("?", "help"), ("q", "quit")]
    let own: [(String, String)] =
      switch screen {
      case .home: [("⏎", "open"), ("a", "launch"), ("D", "delete"), ("j/k", "move")]
      case .manifest:
        [("a", "launch/apply"), ("v", "page"), ("j/k", "scroll"), ("u", "roll back"), ("Esc", "list")]
      case .overview, .replicas:
        [
          ("j/k", "move"), ("⏎", "one"), ("l", "logs"), ("r", "restart"), ("a", "apply"), ("D", "delete"),
          ("s", "sort"), ("Space", "freeze"), ("9", "manifest"),
        ]
      case .ingress, .queue, .nodes:
        [("j/k", "move"), ("⏎", "open"), ("l", "logs"), ("r", "restart"), ("Space", "freeze")]
      case .latency: [("j/k", "metric"), ("Space", "freeze"), ("l", "logs"), ("1", "overview")]
      case .experts: [("j/k", "layers"), ("Space", "freeze"), ("l", "logs"), ("1", "overview")]
      case .replica:
        [("j/k", "next"), ("l", "logs"), ("r", "restart"), ("Space", "freeze"), ("Esc", "back")]
      case .logs:
        [
          ("/", "search"), ("n/N", "next"), ("&", "only"), ("f", "follow"), ("w", "wrap"), ("S", "save"),
          ("l", "all"), ("Esc", "back"),
        ]
      case .events, .hints: [("j/k", "scroll"), ("l", "logs"), ("Space", "freeze"), ("1", "overview")]
      }
    return always + own
  }

  static let help: [(String, String)] = [
    ("1 2 3", "overview, replicas, ingress"), ("4 5 6", "latency, queue, experts"), ("7 8", "events, hints"),
    ("9 0", "manifest, nodes"), ("Tab  Shift-Tab", "next, previous screen"),
    ("j k ↓ ↑ PgDn PgUp g G", "move or scroll"), ("⏎  Esc", "open, back; at last the list of all"),
    ("n", "next application"), ("s", "order ranks by rank, KV, busy, run, TTFT"),
    ("Space", "hold the picture; collection goes on"), ("l", "logs of the chosen replica, or of all"),
    ("/ & n f w S", "in logs: search, only, next, follow, wrap, save"),
    ("v u", "in the manifest: next page, roll back"), ("a", "launch the manifest, or apply the edited file"),
    ("r", "restart the chosen rank, with its group"), ("D", "delete the application (type its name)"),
    ("T", "next theme"), ("m", "mouse on, off"), ("Ctrl-L  Ctrl-Z", "draw anew, suspend"),
    ("q", "quit; what runs goes on"),
  ]
}
