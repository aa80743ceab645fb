public import ControlAPI

/// Something to tell somebody who does not look at the console.
public struct Alert: Codable, Sendable, Hashable {
  /// The application that it is about; empty when none is known.
  public var application: String
  /// What is wrong.
  public var hint: Hint

  /// What tells it from another one, from look to look.
  var key: Key { Key(application: application, hint: HintKey(hint)) }

  struct Key: Sendable, Hashable {
    let application: String
    let hint: HintKey
  }

  /// In a line, for people.
  public var text: String {
    let place = [application, hint.replica ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
    return "\(hint.severity.rawValue)\(place.isEmpty ? "" : " \(place)"): \(hint.title)"
  }
}

extension Alert {
  /// What there is to tell of an application: its hints and, where none of them explains it, that it is not well.
  static func all(_ application: ApplicationStatus, from level: Severity) -> [Alert] {
    let hints = application.hints.filter { $0.severity >= level }
    if hints.isEmpty, let state = state(application), state.severity >= level {
      return [Alert(application: application.name, hint: state)]
    }
    return hints.map { Alert(application: application.name, hint: $0) }
  }

  private static func state(_ application: ApplicationStatus) -> Hint? {
    let severity: Severity
    switch application.status {
    case .unhealthy: severity = .warning
    case .deployFailed: severity = .error
    case .notStarted, .deploying, .running, .deleting: return nil
    }
    return Hint(
      id: stateId, severity: severity, title: "the application is \(application.status.rawValue)",
      evidence: application.message.isEmpty ? [] : [Evidence(application.message, on: .events)],
      advice: "see the events and logs")
  }

  /// That nothing can be seen.
  static func blindness(_ reason: String, of application: String?) -> Alert {
    Alert(
      application: application ?? "",
      hint: Hint(
        id: blindId, severity: .error, title: "the controller does not answer, so nothing is known",
        evidence: [Evidence(reason, on: .overview)],
        advice: "see whether dpdeployd runs: dpdeploy daemon status"))
  }

  private static let stateId = "STATE"
  private static let blindId = "BLIND"

  /// For how long it must hold before it is told: what a rule has watched for a while already is told at once.
  var patience: Double { [Self.stateId, Self.blindId].contains(hint.id) ? 5 : 0 }
}
