import CommandLine
import ControlAPI
import ControlClient
import Platform

/// `dpdeploy wait`: until an application is as a script needs it.
enum WaitCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy wait", "Wait until an application is HEALTHY, or gone.",
    operands: [OperandDescription("NAME", "The application.")],
    options: [
      OptionDescription(
        "for", .value("STATE"), "What to wait for.", choices: ["healthy", "deleted"], fallback: "healthy"),
      OptionDescription("timeout", .value("TIME"), "Give up after this long, exit 6.", fallback: "10m"),
      .color,
    ],
    examples: [.init("dpdeploy wait quickstart --for healthy --timeout 2m", "as a step of a script")])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let client = ControlClient(home: try HomeDirectory.ofEnvironment())
    let name = arguments.operands[0]
    let deadline = Instant.after(.milliseconds(Int((try arguments.seconds("timeout") ?? 600) * 1000)))
    guard arguments.value("for") == "deleted" else {
      return try await HealthWait(client, name, revision: nil, streams).run(until: deadline)
    }
    while try await DeleteCommand.isKnown(name, client) {
      guard Instant.now < deadline else {
        streams.complain("\(name) is still there")
        return .timedOut
      }
      await Loop.sleep(for: .milliseconds(50))
    }
    return .ok
  }
}
