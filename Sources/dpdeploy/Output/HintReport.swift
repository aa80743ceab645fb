import ControlAPI

/// What `dpdeploy hints --json` prints.
struct HintReport: Codable, Sendable {
  var apiVersion = "dpdeploy/v1"
  var kind = "Hints"
  var schemaVersion = "1.0"
  var generatedAt: String
  var controller: ControllerStatus
  var applications: [Application]

  /// An application's hints, the gravest first.
  struct Application: Codable, Sendable {
    var name: String
    var status: ApplicationState
    var hints: [Hint]
  }

  init(_ status: Status) {
    generatedAt = status.generatedAt
    controller = status.controller
    applications = status.applications.map {
      Application(name: $0.name, status: $0.status, hints: $0.hints)
    }
  }
}
