import CommandLine
import ControlAPI
import ControlClient
import Platform

/// `dpdeploy delete`: ends an application and forgets it.
enum DeleteCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy delete", "End an application and remove what it left: processes, sockets, shared memory.",
    discussion: "Waits until nothing is left. Asks first; where nobody can answer, --yes is needed.",
    operands: [OperandDescription("NAME", "The application.")],
    options: [
      OptionDescription("yes", short: "y", .flag, "Do not ask."),
      OptionDescription(
        "timeout", .value("TIME"), "Give up waiting after this long, exit 6.", fallback: "2m"),
      .color,
    ])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let name = arguments.operands[0]
    let timeout = try arguments.seconds("timeout") ?? 120
    let client = ControlClient(home: try HomeDirectory.ofEnvironment())
    _ = try await client.version()
    guard
      try arguments.flag("yes") || streams.confirm("Delete \(name) and everything it runs?", by: name)
    else { return .failed }
    try await client.delete(name)
    let deadline = Instant.after(.milliseconds(Int(timeout * 1000)))
    while Instant.now < deadline {
      guard try await isKnown(name, client) else {
        streams.line("\(name) deleted")
        return .ok
      }
      await Loop.sleep(for: .milliseconds(20))
    }
    streams.complain("\(name) is still being deleted")
    return .timedOut
  }

  /// A controller that ended with its last application knows it no more, either.
  @Loop
  static func isKnown(_ name: String, _ client: ControlClient) async throws -> Bool {
    do { return try await client.status().applications.contains { $0.name == name } } catch {
      if error.code == "controller-unreachable" { return false }
      throw error
    }
  }
}
