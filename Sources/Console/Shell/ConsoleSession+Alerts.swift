import Terminal

// Telling somebody who does not look.
extension ConsoleSession {
  func tell(_ alert: Alert) {
    if options.alerts.kinds.contains(.bell) { screen.ring() }
    if options.alerts.kinds.contains(.osc9) { screen.notify("dptop: " + alert.text) }
    alertCommand?.run(alert)
  }
}
