import ControlAPI

// What is told to somebody who does not look: always of the present, whatever is shown, and never of a recording.
extension ConsoleState {
  mutating func alerts(of snapshot: Snapshot) -> [ConsoleEffect] {
    effects(alertBook?.take(snapshot.status, at: now))
  }

  mutating func alertsOfBlindness(_ error: ControlError) -> [ConsoleEffect] {
    effects(alertBook?.takeBlindness(error.message, of: applicationName, at: now))
  }

  private func effects(_ alerts: [Alert]?) -> [ConsoleEffect] { (alerts ?? []).map { .alert($0) } }

  /// Tells nothing from now on, or everything again.
  mutating func mute(_ isMuted: Bool) {
    guard alertBook != nil else {
      return say("there are no alerts; --alert or --alert-command asks for them", .warning)
    }
    alertBook?.isMuted = isMuted
    say(isMuted ? "alerts are muted; :unmute ends that" : "alerts are on", .info)
  }
}
