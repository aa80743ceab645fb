import ControlAPI

// What the screens that ask for more than snapshots show of a moment.
extension ConsoleState {
  /// The look into the chosen application at the moment that is shown.
  var look: Insight? { insight.shown(of: applicationName, at: frozen?.now) }

  /// Why there is none.
  var lookAbsence: String {
    let clock = WallTime.clock(shownNow, offset: utcOffset)
    if replay != nil { return "not recorded of \(clock)" }
    if frozen != nil {
      return "nothing is kept of \(clock): looks are taken while Latency or Experts is open, or recording"
    }
    return insight.problem(of: applicationName) ?? "asking …"
  }

  /// Log lines and events up to the moment that is shown.
  var logEntries: [LogBook.Entry] { logs.entries(among: shown.events, until: frozen?.now) }
}
