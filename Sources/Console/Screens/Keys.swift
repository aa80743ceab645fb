/// What the keys of a screen do, for its last line.
enum Keys {
  static func footer(_ screen: ScreenKind) -> [(Command, String)] {
    [(.help, "help"), (.quit, "quit")] + own(screen) + [(.palette, "command")]
  }

  private static func own(_ screen: ScreenKind) -> [(Command, String)] {
    switch screen {
    case .home: [(.open, "open"), (.apply, "launch"), (.delete, "delete"), (.down, "down")]
    case .manifest: [(.apply, "launch/apply"), (.page, "page"), (.undo, "roll back"), (.back, "list")]
    case .overview, .replicas:
      [
        (.open, "one"), (.logs, "logs"), (.filter, "filter"), (.restart, "restart"), (.apply, "apply"),
        (.sort, "sort"), (.freeze, "freeze"), (.earlier, "past"), (.delete, "delete"),
      ]
    case .ingress:
      [
        (.open, "open"), (.logs, "logs"), (.filter, "filter"), (.restart, "restart"), (.drain, "drain"),
        (.more, "one more"), (.freeze, "freeze"),
      ]
    case .queue, .nodes:
      [(.open, "open"), (.logs, "logs"), (.filter, "filter"), (.restart, "restart"), (.freeze, "freeze")]
    case .latency: [(.down, "metric"), (.freeze, "freeze"), (.logs, "logs"), (.overview, "overview")]
    case .experts: [(.down, "layers"), (.freeze, "freeze"), (.logs, "logs"), (.overview, "overview")]
    case .replica:
      [
        (.down, "next"), (.logs, "logs"), (.restart, "restart"), (.drain, "drain"), (.freeze, "freeze"),
        (.back, "back"),
      ]
    case .logs:
      [
        (.filter, "search"), (.next, "next"), (.only, "only"), (.follow, "follow"), (.wrap, "wrap"),
        (.snapshot, "save"), (.logs, "all"), (.back, "back"),
      ]
    case .hints:
      [
        (.down, "next"), (.open, "panel"), (.apply, "apply the fix"), (.copy, "copy"), (.logs, "logs"),
        (.overview, "overview"),
      ]
    case .events:
      [(.down, "scroll"), (.open, "its logs"), (.logs, "logs"), (.freeze, "freeze"), (.overview, "overview")]
    }
  }
}
