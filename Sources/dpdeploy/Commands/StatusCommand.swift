import CommandLine
import ControlAPI
import ControlClient
import Platform

/// `dpdeploy status`: what runs, and how it does.
enum StatusCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy status", "Show applications, their replicas and how they do.",
    discussion: """
      Never starts a controller: where none runs it says so and exits 5. With --json it prints one object in every case, \
      described by schema/status.schema.json; null is unknown, an absent key does not apply.
      """,
    operands: [OperandDescription("NAME", "Show this application only.", 0...1)],
    options: [
      OptionDescription("json", .flag, "Print JSON for scripts."),
      OptionDescription(
        "watch", short: "w", .flag, "Print again every second, with --json one object a line."),
      OptionDescription("check", .flag, "Exit 7 unless everything is HEALTHY, and when there is nothing."),
      .color,
    ],
    examples: [
      .init(
        "dpdeploy status --json | jq '.applications[].metrics.queue_depth'", "the queue of every application"),
      .init("dpdeploy status quickstart --check", "a probe for scripts and CI"),
    ])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let client = ControlClient(home: try HomeDirectory.ofEnvironment())
    let name = arguments.operands.first
    while true {
      let outcome = await look(client, name)
      show(outcome, arguments, streams)
      if !arguments.flag("watch") { return exitCode(outcome, checking: arguments.flag("check")) }
      await Loop.sleep(for: .seconds(1))
    }
  }

  private struct Outcome {
    var status: Status
    var error: ControlError?
  }

  @Loop
  private static func look(_ client: ControlClient, _ name: String?) async -> Outcome {
    do {
      var status = try await client.status()
      guard let name else { return Outcome(status: status) }
      status.applications.removeAll { $0.name != name }
      guard status.applications.isEmpty else { return Outcome(status: status) }
      return Outcome(
        status: status, error: ControlError(code: "not-found", message: "no application is called \(name)"))
    } catch {
      let status = Status(generatedAt: timestamp(), controller: .unreachable(error.message), applications: [])
      return Outcome(status: status, error: error)
    }
  }

  private static func show(_ outcome: Outcome, _ arguments: ParsedArguments, _ streams: StandardStreams) {
    if arguments.flag("json") {
      streams.line(json(outcome.status, isPretty: !arguments.flag("watch")))
    } else if let error = outcome.error {
      streams.complain(error.message)
    } else {
      if arguments.flag("watch"), streams.outputStyle.isColoured { streams.out("\u{1b}[H\u{1b}[J") }
      streams.out(StatusText(style: streams.outputStyle).render(outcome.status))
    }
  }

  private static func exitCode(_ outcome: Outcome, checking: Bool) -> ExitCode {
    if let error = outcome.error { return ExitCode(rawValue: error.exitCode) ?? .failed }
    guard checking else { return .ok }
    guard !outcome.status.applications.isEmpty else { return .unhealthy }
    let isHealthy = outcome.status.applications.allSatisfy { application in
      application.status == .running && application.deployments.allSatisfy { $0.status == .healthy }
    }
    return isHealthy ? .ok : .unhealthy
  }
}
